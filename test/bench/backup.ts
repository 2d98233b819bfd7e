/** How long does it take to save a cluster of three primaries, and to bring it all into another one? */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { clusterCli, home, redisCli } from '../support/executables.ts';
import { formCluster } from '../support/formed-cluster.ts';
import type { Benchmark, Comparison, Tell } from './benchmark.ts';
import { withFilledCluster } from './filled-cluster.ts';
import { connectNodes } from './node-connections.ts';
import { interleave } from './rounds.ts';
import { succeeded } from './shuttle.ts';

const KEYS = 1_000_000;
const TARGET_SHARDS = 2;
const ROUNDS = 3;
const RATIO_MAX = 1;
const RUN_TIMEOUT_MS = 300_000;

export const backupBenchmark: Benchmark = {
  name: 'backup',
  title: 'cluster backup, against redis-cli --cluster backup; and cluster restore of what was saved',
  run: (tell) =>
    withFilledCluster({ keys: KEYS }, async (cluster) => {
      const seed = cluster.node(0).address;
      const folder = path.join(mkdtempSync(path.join(home, 'bench-')), 'kept');
      succeeded(await clusterCli(['backup', seed, folder], { timeoutMs: RUN_TIMEOUT_MS }));
      return [await compareBackups(seed, tell), await restore(folder, tell)];
    }),
};

async function compareBackups(seed: string, tell: Tell): Promise<Comparison> {
  const ours =
    (...more: readonly string[]) =>
    () =>
      durationOf((folder) => clusterCli(['backup', seed, folder, ...more], { timeoutMs: RUN_TIMEOUT_MS }));
  const samples = await interleave(
    {
      ours: ours(),
      atOnce: ours('--per-host', '3'),
      beside: () =>
        durationOf((folder) => {
          mkdirSync(folder);
          return redisCli(['--cluster', 'backup', seed, folder], { timeoutMs: RUN_TIMEOUT_MS });
        }),
    },
    { rounds: ROUNDS, before: (name, round) => tell(`backup, round ${round} of ${ROUNDS}: ${name}`) },
  );
  return {
    what: `backup, 3 primaries on one host, ${KEYS} keys`,
    ours: { label: 'cluster backup --per-host 3', samplesMs: samples.atOnce },
    beside: { label: 'redis-cli --cluster backup', samplesMs: samples.beside },
    ratioMax: RATIO_MAX,
    also: [{ label: 'cluster backup, one snapshot of a host at a time', samplesMs: samples.ours }],
    notes: ['100 bytes a key. Ours are checked and on the disk (fsync) when the command ends.'],
  };
}

async function durationOf(run: (folder: string) => ReturnType<typeof clusterCli>): Promise<number> {
  const parent = mkdtempSync(path.join(home, 'bench-'));
  try {
    return succeeded(await run(path.join(parent, 'b'))).durationMs;
  } finally {
    rmSync(parent, { recursive: true });
  }
}

async function restore(folder: string, tell: Tell): Promise<Comparison> {
  const formed = await formCluster({ shards: TARGET_SHARDS });
  const nodes = await connectNodes(formed.primaries.map(({ address }) => address));
  const restored = async (...more: readonly string[]): Promise<number> => {
    for (const node of nodes) await node.ask('FLUSHALL', 'SYNC');
    const args = ['restore', folder, formed.seed, '--yes', ...more];
    const { durationMs } = succeeded(await clusterCli(args, { timeoutMs: RUN_TIMEOUT_MS }));
    const sizes = await Promise.all(nodes.map((node) => node.ask('DBSIZE')));
    const total = sizes.reduce((sum, size) => sum + Number(size), 0);
    if (total !== KEYS) throw new Error(`${total} of ${KEYS} keys were restored.`);
    return durationMs;
  };
  try {
    const samples = await interleave(
      { ours: () => restored(), beside: () => restored('--parallel', '1') },
      { rounds: 1, before: (name) => tell(`restore: ${name}`) },
    );
    return {
      what: `restore, ${KEYS} keys into ${TARGET_SHARDS} primaries`,
      ours: { label: 'cluster restore', samplesMs: samples.ours },
      beside: { label: 'cluster restore --parallel 1', samplesMs: samples.beside },
      ratioMax: null,
      also: [],
      notes: ['redis-cli has no restore to stand beside it.'],
    };
  } finally {
    for (const node of nodes) node.close();
    await formed.stop();
  }
}
