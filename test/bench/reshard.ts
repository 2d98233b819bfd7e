/** How long does it take to move slots, and what do the cluster's clients notice of it? */
import type { SlotRange, SlotSet } from '../../src/lib/model/slot-set.ts';
import { findServer } from '../support/server-binaries.ts';
import { startTcpProxies } from '../support/tcp-proxy.ts';
import type { Benchmark, Comparison, Series, Tell } from './benchmark.ts';
import { monotonicMs } from './clock.ts';
import { type FilledCluster, withFilledCluster } from './filled-cluster.ts';
import { type Foreground, startForeground } from './foreground.ts';
import type { Account, Latencies } from './foreground-process.ts';
import { connectNodes } from './node-connections.ts';
import { interleave } from './rounds.ts';
import { ours, Shuttle, theirs, type Way } from './shuttle.ts';
import { summarise } from './statistics.ts';

/** Over all slots evenly: 61 in each. */
const KEYS = 1_000_000;
const MANY_SLOTS: SlotRange = [0, 2999];
const EMPTY_SLOTS: SlotRange = [0, 3999];
/** 18 keys in each slot. */
const KEYS_OVER_NETWORK = 295_000;
const SLOTS_OVER_NETWORK: SlotRange = [0, 999];
const ONE_WAY_MS = 1;
const FOREGROUND_PER_SECOND = 2000;
const CALM_MS = 2000;
const VALKEY = 'valkey-9.1';
const ATOMIC = '--cluster-use-atomic-slot-migration';

export const reshardBenchmark: Benchmark = {
  name: 'reshard',
  title: 'cluster reshard, against redis-cli --cluster reshard',
  async run(tell) {
    const keyWise = await withFilledCluster({ keys: KEYS }, async (cluster) => [
      await compareKeyWise(cluster, tell),
      ...(await compareForeground(cluster, tell)),
    ]);
    const rest = [await compareEmpty(tell), await compareOverNetwork(tell)];
    if (findServer(VALKEY)) return [...keyWise, ...rest, ...(await compareValkey(tell))];
    tell(`reshard inside the servers is left out: run \`npx tsx scripts/server.ts ${VALKEY}\` first`);
    return [...keyWise, ...rest];
  },
};

async function compareKeyWise(cluster: FilledCluster, tell: Tell): Promise<Comparison> {
  const ways = await race('key by key', new Shuttle(cluster, MANY_SLOTS), { rounds: 4, tell });
  return {
    ...durations(`reshard ${sizeOf(cluster, MANY_SLOTS)}`, ways),
    ratioMax: 1 / 3.5,
    also: [
      { label: "MIGRATE's own time on the source, ours", samplesMs: ways.ours.map(({ migrateMs }) => migrateMs) },
      { label: 'the same, redis-cli', samplesMs: ways.beside.map(({ migrateMs }) => migrateMs) },
    ],
    notes: ['100 bytes a key; from one of three primaries to another, in turns there and back. The far aim is 0.20.'],
  };
}

async function compareForeground(cluster: FilledCluster, tell: Tell): Promise<readonly Comparison[]> {
  const owned = await cluster.settled();
  const nodes = cluster.nodes.map(({ address }, index) => ({ address, slots: owned[index] ?? [] }));
  const foreground = await startForeground({ nodes, keys: KEYS, perSecond: FOREGROUND_PER_SECOND });
  try {
    const calmFromMs = monotonicMs();
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    const calm = await foreground.latencies({ fromMs: calmFromMs, toMs: monotonicMs() });
    const shuttle = new Shuttle(cluster, MANY_SLOTS);
    const ways = await race('beside clients', shuttle, { rounds: 3, tell });
    const seen = {
      ours: await latenciesOf(foreground, ways.ours),
      beside: await latenciesOf(foreground, ways.beside),
    };
    // The third primary gives and takes nothing: what its clients wait for is the machine, not the servers.
    const idle = nodes[2]?.slots ?? [];
    const bystander = {
      ours: await latenciesOf(foreground, ways.ours, idle),
      beside: await latenciesOf(foreground, ways.beside, idle),
    };
    return reportForeground(sizeOf(cluster, MANY_SLOTS), ways, { seen, bystander, calm }, await foreground.end());
  } finally {
    foreground.kill();
  }
}

/** One question at a time. */
async function latenciesOf(
  foreground: Foreground,
  ways: readonly Way[],
  slots?: SlotSet,
): Promise<readonly Latencies[]> {
  const all: Latencies[] = [];
  for (const { fromMs, toMs } of ways) all.push(await foreground.latencies({ fromMs, toMs, ...(slots && { slots }) }));
  return all;
}

type Sides = Readonly<Record<'ours' | 'beside', readonly Latencies[]>>;

function reportForeground(
  size: string,
  ways: Contest,
  { seen, bystander, calm }: { readonly seen: Sides; readonly bystander: Sides; readonly calm: Latencies },
  { acknowledged, lost, stale, failed, redirections }: Account,
): readonly Comparison[] {
  const series = (name: 'ours' | 'beside', part: keyof Latencies, of = seen, where = ''): Series => ({
    label: `${part === 'p999' ? 'p99.9' : part}${where}, ${name === 'ours' ? 'ours' : 'redis-cli'}`,
    samplesMs: of[name].map((latencies) => latencies[part]),
  });
  return [
    { ...durations(`reshard ${size}, beside clients`, ways), ratioMax: 1 / 3, also: [], notes: [] },
    {
      what: 'the p99 of those clients',
      ours: series('ours', 'p99'),
      beside: series('beside', 'p99'),
      ratioMax: 1.5,
      also: [
        ...(['p50', 'p999', 'max'] as const).flatMap((part) => [series('ours', part), series('beside', part)]),
        series('ours', 'p99', bystander, ' at the primary that takes no part'),
        series('beside', 'p99', bystander, ' at the primary that takes no part'),
        { label: 'p50 p99 p99.9 max while nothing is moved', samplesMs: [calm.p50, calm.p99, calm.p999, calm.max] },
      ],
      notes: [
        `GET and SET, ${FOREGROUND_PER_SECOND} a second over all slots, on a fixed schedule; latency from the intended time. ${redirections} redirections.`,
        `Of ${acknowledged} acknowledged writes ${lost} were lost; ${stale} reads were stale; ${failed} requests failed.`,
      ],
    },
  ];
}

function compareEmpty(tell: Tell): Promise<Comparison> {
  tell('reshard, empty slots: making the cluster');
  return withFilledCluster({ keys: 0 }, async (cluster) => {
    const ways = await race('empty slots', new Shuttle(cluster, EMPTY_SLOTS), { rounds: 4, tell });
    return { ...durations(`reshard ${sizeOf(cluster, EMPTY_SLOTS)}`, ways), ratioMax: 1 / 5, also: [], notes: [] };
  });
}

function compareOverNetwork(tell: Tell): Promise<Comparison> {
  tell('reshard, over a network: making the cluster');
  return withFilledCluster({ keys: KEYS_OVER_NETWORK }, async (cluster) => {
    const servers = cluster.nodes.map(({ address }) => address);
    const proxies = await startTcpProxies(servers, { delayMs: ONE_WAY_MS });
    try {
      for (const [index, node] of cluster.nodes.entries())
        await node.ask('CONFIG', 'SET', 'cluster-announce-port', `${proxies.addresses[index]?.split(':')[1]}`);
      await cluster.settled();
      const roundTripMs = await roundTrip(proxies.addresses);
      const shuttle = new Shuttle(cluster, SLOTS_OVER_NETWORK, proxies.addresses);
      const ways = await race('over a network', shuttle, { rounds: 2, tell });
      return {
        ...durations(`reshard ${sizeOf(cluster, SLOTS_OVER_NETWORK)}, ${2 * ONE_WAY_MS} ms round trip`, ways),
        ratioMax: 1 / 10,
        also: [],
        notes: [
          `A PING takes ${roundTripMs.toFixed(1)} ms. MIGRATE between the nodes goes the same way; their gossip does not.`,
        ],
      };
    } finally {
      proxies.stop();
    }
  });
}

function compareValkey(tell: Tell): Promise<readonly Comparison[]> {
  tell(`reshard, ${VALKEY}: making the cluster`);
  return withFilledCluster({ keys: KEYS, flavor: VALKEY }, async (cluster) => {
    const shuttle = new Shuttle(cluster, MANY_SLOTS);
    const size = sizeOf(cluster, MANY_SLOTS);
    const atomic = await race(`${VALKEY}, both atomic`, shuttle, { rounds: 6, tell, beside: theirs(VALKEY, ATOMIC) });
    const keyWise = await race(`${VALKEY}, defaults`, shuttle, { rounds: 2, tell, beside: theirs(VALKEY) });
    const common = { also: [], notes: [] };
    return [
      {
        ...durations(`${VALKEY}: reshard ${size}, defaults`, keyWise, 'valkey-cli --cluster reshard'),
        ...common,
        ratioMax: 1 / 15,
      },
      {
        ...durations(`${VALKEY}: reshard ${size}, atomic`, atomic, `valkey-cli --cluster reshard ${ATOMIC}`),
        ...common,
        ratioMax: 1,
      },
    ];
  });
}

type Contest = Readonly<Record<'ours' | 'beside', readonly Way[]>>;

interface Race {
  readonly rounds: number;
  readonly tell: Tell;
  /** Default: redis-cli. */
  readonly beside?: ReturnType<typeof theirs>;
}

function race(what: string, shuttle: Shuttle, { rounds, tell, beside = theirs() }: Race): Promise<Contest> {
  return interleave(
    { ours: () => shuttle.go(ours()), beside: () => shuttle.go(beside) },
    { rounds, before: (name, round) => tell(`reshard, ${what}, round ${round} of ${rounds}: ${name}`) },
  );
}

function durations(
  what: string,
  ways: Contest,
  label = 'redis-cli --cluster reshard',
): Pick<Comparison, 'what' | 'ours' | 'beside'> {
  return {
    what,
    ours: { label: 'cluster reshard', samplesMs: ways.ours.map(({ durationMs }) => durationMs) },
    beside: { label, samplesMs: ways.beside.map(({ durationMs }) => durationMs) },
  };
}

function sizeOf(cluster: FilledCluster, slots: SlotRange): string {
  const keys = cluster.keysIn([slots]);
  return `${slots[1] - slots[0] + 1} ${keys === 0 ? 'empty slots' : `slots, ${keys} keys`}`;
}

/** The median of some PINGs. */
async function roundTrip([address = '']: readonly string[]): Promise<number> {
  const [connection] = await connectNodes([address]);
  try {
    const samples: number[] = [];
    for (let count = 0; count < 21; count++) {
      const beganMs = monotonicMs();
      await connection?.ask('PING');
      samples.push(monotonicMs() - beganMs);
    }
    return summarise(samples).median;
  } finally {
    connection?.close();
  }
}
