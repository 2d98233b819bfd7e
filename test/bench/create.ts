/**
 * How long until a new cluster serves, from the moment the command is typed? Not until the command returns: redis-cli
 * does so long before. Fresh servers for each run, with the servers' default timeouts.
 */
import { clusterCli, type RunResult, redisCli } from '../support/executables.ts';
import type { Benchmark, Comparison, Tell } from './benchmark.ts';
import { ClusterWatch } from './cluster-watch.ts';
import { settingsInWords, withRipeServers } from './production-servers.ts';
import { interleave } from './rounds.ts';

interface Size {
  readonly nodes: number;
  readonly rounds: number;
  readonly ratioMax: number;
}

interface Creation {
  /** From the start of the program until the watch saw that the cluster serves. */
  readonly readyMs: number;
  /** From the start of the program until its end. */
  readonly returnedMs: number;
  /** Did the watch still find it serving when the program had ended? */
  readonly servedAtReturn: boolean;
}

type Create = (addresses: readonly string[]) => Promise<RunResult>;

const SIZES: readonly Size[] = [
  { nodes: 6, rounds: 5, ratioMax: 0.85 },
  { nodes: 30, rounds: 2, ratioMax: 0.6 },
  { nodes: 100, rounds: 1, ratioMax: 0.5 },
];
const RUN_TIMEOUT_MS = 180_000;

export const createBenchmark: Benchmark = {
  name: 'create',
  title: 'cluster create until the cluster serves, against redis-cli --cluster create',
  async run(tell) {
    const comparisons: Comparison[] = [];
    for (const size of SIZES) comparisons.push(await compare(size, tell));
    return comparisons;
  },
};

async function compare({ nodes, rounds, ratioMax }: Size, tell: Tell): Promise<Comparison> {
  const creations = await interleave(
    {
      ours: () => create(nodes, ours),
      beside: () => create(nodes, theirs),
    },
    { rounds, before: (name, round) => tell(`create, ${nodes} nodes, round ${round} of ${rounds}: ${name}`) },
  );
  const ready = (name: 'ours' | 'beside') => creations[name].map(({ readyMs }) => readyMs);
  const returned = (name: 'ours' | 'beside') => creations[name].map(({ returnedMs }) => returnedMs);
  return {
    what: `create, ${nodes} nodes`,
    ours: { label: 'cluster create', samplesMs: ready('ours') },
    beside: { label: 'redis-cli --cluster create', samplesMs: ready('beside') },
    ratioMax,
    also: [
      { label: 'cluster create returns', samplesMs: returned('ours') },
      { label: 'redis-cli --cluster create returns', samplesMs: returned('beside') },
    ],
    notes: [`Servers with ${settingsInWords()}.`, lagNote(creations.ours)],
  };
}

async function create(count: number, run: Create): Promise<Creation> {
  return withRipeServers(count, async (nodes) => {
    const watch = new ClusterWatch(nodes, { primaries: count / 2 });
    const startedAt = performance.now();
    const [readyAt, end] = await Promise.all([
      watch.untilReady(),
      run(nodes.map(({ address }) => address)).then(async ({ code, durationMs, stdout, stderr }) => {
        if (code !== 0) throw new Error(`A creation ended with exit code ${code}:\n${stdout}\n${stderr}`);
        const servedAtReturn = await watch.look().then(
          () => true,
          () => false,
        );
        return { returnedMs: durationMs, servedAtReturn };
      }),
    ]);
    return { readyMs: readyAt - startedAt, ...end };
  });
}

function ours(addresses: readonly string[]): Promise<RunResult> {
  return clusterCli(['create', ...addresses, '--replicas', '1', '--yes'], { timeoutMs: RUN_TIMEOUT_MS });
}

function theirs(addresses: readonly string[]): Promise<RunResult> {
  const args = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'];
  return redisCli(args, { timeoutMs: RUN_TIMEOUT_MS });
}

/** Our promise is that the cluster serves when the command returns: was it kept, and at what price? */
function lagNote(creations: readonly Creation[]): string {
  const kept = creations.filter(({ servedAtReturn }) => servedAtReturn).length;
  const lags = creations.map(({ readyMs, returnedMs }) => Math.round(returnedMs - readyMs)).join(' ');
  return `When cluster create returned, the cluster served in ${kept} of ${creations.length} rounds; it returned ${lags} ms after that was first seen.`;
}
