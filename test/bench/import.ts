/** How long does it take to bring the keys of a standalone server into a cluster of three primaries? */
import { clusterCli, type RunResult, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { type Standalone, startStandalone } from '../support/standalone.ts';
import type { Benchmark, Comparison, Tell } from './benchmark.ts';
import { fill } from './fill.ts';
import { connectNodes, type NodeConnection } from './node-connections.ts';
import { interleave } from './rounds.ts';
import { succeeded } from './shuttle.ts';

const KEYS = 1_000_000;
const SHARDS = 3;
const ROUNDS = 1;
const RATIO_MAX = 1 / 20;
const RUN_TIMEOUT_MS = 600_000;

interface Mode {
  readonly what: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  /** Our other ways to do the same. */
  readonly also: Readonly<Record<string, readonly string[]>>;
  readonly isCopy: boolean;
}

const MODES: readonly Mode[] = [
  {
    what: 'moved',
    ours: [],
    theirs: [],
    also: { 'cluster import --engine migrate': ['--engine', 'migrate'] },
    isCopy: false,
  },
  { what: 'copied', ours: ['--copy'], theirs: ['--cluster-copy'], also: {}, isCopy: true },
];

export const importBenchmark: Benchmark = {
  name: 'import',
  title: 'cluster import from a standalone server, against redis-cli --cluster import',
  async run(tell) {
    const [formed, source] = await Promise.all([formCluster({ shards: SHARDS }), startStandalone()]);
    try {
      const nodes = await connectNodes([source.address, ...formed.primaries.map(({ address }) => address)]);
      try {
        const stage = { formed, source, nodes };
        const comparisons: Comparison[] = [];
        for (const mode of MODES) comparisons.push(await compare(stage, mode, tell));
        return comparisons;
      } finally {
        for (const node of nodes) node.close();
      }
    } finally {
      await Promise.all([formed.stop(), source.stop()]);
    }
  },
};

interface Stage {
  readonly formed: FormedCluster;
  readonly source: Standalone;
  /** The source, then the primaries. */
  readonly nodes: readonly NodeConnection[];
}

async function compare(stage: Stage, mode: Mode, tell: Tell): Promise<Comparison> {
  const { what, also } = mode;
  const own = (args: readonly string[]) => () => measure(stage, mode, () => ours(stage, args));
  const samples = await interleave(
    {
      ours: own(mode.ours),
      beside: () => measure(stage, mode, () => theirs(stage, mode.theirs)),
      ...Object.fromEntries(Object.entries(also).map(([label, args]) => [label, own(args)])),
    },
    { rounds: ROUNDS, before: (name, round) => tell(`import, ${what}, round ${round} of ${ROUNDS}: ${name}`) },
  );
  return {
    what: `import, ${KEYS} keys ${what}`,
    ours: { label: ['cluster import', ...mode.ours].join(' '), samplesMs: samples.ours },
    beside: { label: ['redis-cli --cluster import', ...mode.theirs].join(' '), samplesMs: samples.beside },
    ratioMax: RATIO_MAX,
    also: Object.entries(samples)
      .filter(([label]) => label in also)
      .map(([label, samplesMs]) => ({ label, samplesMs })),
    notes: ['100 bytes a key, from one server to three primaries, all on one machine.'],
  };
}

/** From an empty cluster and a full source; afterwards every key must be where it should be. */
async function measure({ source, nodes }: Stage, { isCopy }: Mode, run: () => Promise<RunResult>): Promise<number> {
  for (const node of nodes) await node.ask('FLUSHALL');
  await fill(KEYS, () => source.address);
  const { durationMs } = succeeded(await run());
  const [left = 0, ...came] = (await Promise.all(nodes.map((node) => node.ask('DBSIZE')))).map(Number);
  const sum = came.reduce((total, count) => total + count, 0);
  if (sum !== KEYS || left !== (isCopy ? KEYS : 0)) throw new Error(`${sum} keys came, ${left} are left at the source`);
  return durationMs;
}

function ours({ formed, source }: Stage, args: readonly string[]): Promise<RunResult> {
  const line = ['import', formed.seed, '--from', source.address, '--yes', ...args];
  return clusterCli(line, { timeoutMs: RUN_TIMEOUT_MS });
}

function theirs({ formed, source }: Stage, args: readonly string[]): Promise<RunResult> {
  const line = ['--cluster', 'import', formed.seed, '--cluster-from', source.address, ...args];
  return redisCli(line, { timeoutMs: RUN_TIMEOUT_MS });
}
