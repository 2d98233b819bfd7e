/** How long does one look at a healthy cluster take? Both programs ask every node; ours also for INFO. */
import { clusterCli, type RunResult, redisCli } from '../support/executables.ts';
import type { Benchmark, Comparison, Tell } from './benchmark.ts';
import { withCluster } from './production-servers.ts';
import { interleave } from './rounds.ts';

interface Size {
  readonly nodes: number;
  readonly rounds: number;
  readonly ratioMax: number | null;
}

const SIZES: readonly Size[] = [
  { nodes: 6, rounds: 10, ratioMax: null },
  { nodes: 200, rounds: 5, ratioMax: 2 },
];

export const checkBenchmark: Benchmark = {
  name: 'check',
  title: 'cluster check, against redis-cli --cluster check',
  async run(tell) {
    const comparisons: Comparison[] = [];
    for (const size of SIZES) comparisons.push(await compare(size, tell));
    return comparisons;
  },
};

async function compare({ nodes, rounds, ratioMax }: Size, tell: Tell): Promise<Comparison> {
  tell(`check, ${nodes} nodes: making the cluster`);
  return withCluster(nodes, async (seed) => {
    tell(`check, ${nodes} nodes: ${rounds} rounds`);
    const samples = await interleave(
      {
        ours: async () => durationOf(await clusterCli(['check', seed])),
        beside: async () => durationOf(await redisCli(['--cluster', 'check', seed])),
      },
      { rounds, warmUps: 1 },
    );
    return {
      what: `check, ${nodes} nodes`,
      ours: { label: 'cluster check', samplesMs: samples.ours },
      beside: { label: 'redis-cli --cluster check', samplesMs: samples.beside },
      ratioMax,
      also: [],
      notes: [],
    };
  });
}

function durationOf({ code, stdout, stderr, durationMs }: RunResult): number {
  if (code !== 0) throw new Error(`The check of a healthy cluster ended with exit code ${code}:\n${stdout}\n${stderr}`);
  return durationMs;
}
