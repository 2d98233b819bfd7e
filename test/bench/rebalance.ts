/** How long does it take to give three new primaries their share? A new cluster for each run, the same one each time. */
import { countSlots, SLOT_COUNT } from '../../src/lib/model/slot-set.ts';
import { clusterCli, type RunResult, redisCli } from '../support/executables.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import type { Benchmark, Comparison, Tell } from './benchmark.ts';
import { withFilledCluster } from './filled-cluster.ts';
import { interleave } from './rounds.ts';
import { succeeded } from './shuttle.ts';

interface Contest {
  readonly what: string;
  readonly rounds: number;
  readonly ratioMax: number;
  /** Null: the one of the run. */
  readonly flavor: ServerFlavor | null;
  /** redis-cli's or valkey-cli's, beside those without which it does nothing. */
  readonly options: readonly string[];
}

const KEYS = 1_000_000;
const NEW_PRIMARIES = 3;
const ALL_PRIMARIES = 6;
const RUN_TIMEOUT_MS = 180_000;

const KEY_WISE: Contest = { what: 'rebalance', rounds: 1, ratioMax: 1 / 5, flavor: null, options: [] };
const ATOMIC: Contest = {
  what: 'valkey-9.1: rebalance, atomic',
  rounds: 2,
  ratioMax: 1,
  flavor: 'valkey-9.1',
  options: ['--cluster-use-atomic-slot-migration'],
};

export const rebalanceBenchmark: Benchmark = {
  name: 'rebalance',
  title: 'cluster rebalance onto new primaries, against redis-cli --cluster rebalance',
  async run(tell) {
    const keyWise = await compare(KEY_WISE, tell);
    if (findServer('valkey-9.1')) return [keyWise, await compare(ATOMIC, tell)];
    tell('rebalance inside the servers is left out: run `npx tsx scripts/server.ts valkey-9.1` first');
    return [keyWise];
  },
};

async function compare(contest: Contest, tell: Tell): Promise<Comparison> {
  const { what, rounds, ratioMax, flavor, options } = contest;
  const cli = flavor === null ? 'redis-cli' : 'valkey-cli';
  const samples = await interleave(
    {
      ours: () => durationOf(contest, ours),
      beside: () => durationOf(contest, (seed) => theirs(seed, contest)),
    },
    { rounds, before: (name, round) => tell(`${what}, round ${round} of ${rounds}: ${name}`) },
  );
  return {
    what: `${what}, 3 to 6 primaries, ${KEYS} keys`,
    ours: { label: 'cluster rebalance --use-empty-primaries', samplesMs: samples.ours },
    beside: {
      label: [cli, '--cluster rebalance --cluster-use-empty-masters', ...options].join(' '),
      samplesMs: samples.beside,
    },
    ratioMax,
    also: [],
    notes: ['100 bytes a key; half of them move.'],
  };
}

function durationOf({ flavor }: Contest, run: (seed: string) => Promise<RunResult>): Promise<number> {
  const of = flavor === null ? {} : { flavor };
  return withFilledCluster({ ...of, keys: KEYS, emptyPrimaries: NEW_PRIMARIES }, async (cluster) => {
    const result = await run(cluster.node(0).address);
    const { durationMs } = succeeded(result);
    const counts = (await cluster.settled()).map(countSlots);
    const isEven = counts.every((count) => Math.abs(count - SLOT_COUNT / ALL_PRIMARIES) < 2);
    if (!isEven) throw new Error(`After a rebalance the primaries have ${counts.join(', ')} slots:\n${result.stdout}`);
    return durationMs;
  });
}

function ours(seed: string): Promise<RunResult> {
  return clusterCli(['rebalance', seed, '--use-empty-primaries', '--yes'], { timeoutMs: RUN_TIMEOUT_MS });
}

function theirs(seed: string, { flavor, options }: Contest): Promise<RunResult> {
  const args = ['--cluster', 'rebalance', seed, '--cluster-use-empty-masters', ...options];
  return redisCli(args, { timeoutMs: RUN_TIMEOUT_MS, ...(flavor === null ? {} : { flavor }) });
}
