/**
 * A cluster and a request in, a plan or its refusal out: what `reshard` would do, as files that a person can review.
 * `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import { parseSlots } from '../../src/lib/model/slot-set.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { Measures } from '../../src/lib/plan/estimate.ts';
import { withEstimates } from '../../src/lib/plan/estimate.ts';
import type { MoverRequest } from '../../src/lib/plan/mover-choice.ts';
import type { Planned } from '../../src/lib/plan/plan.ts';
import type { ReshardRequest } from '../../src/lib/plan/reshard.ts';
import { planReshard } from '../../src/lib/plan/reshard.ts';
import { movePage } from '../support/move-page.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

interface Request {
  readonly cluster: Topology;
  readonly from?: 'all' | readonly string[];
  readonly to: readonly string[];
  /** A number, `all`, or slots as in `0-99,200`. */
  readonly slots: number | string;
  readonly mover?: MoverRequest;
  readonly measures?: Measures;
}

const VALKEY = { product: 'valkey', version: '9.1.2' } as const;
const REDIS_8 = { product: 'redis', version: '8.4.0' } as const;
const [A, B, C, D, E] = ['10.0.0.1:7000', '10.0.0.2:7000', '10.0.0.3:7000', '10.0.0.4:7000', '10.0.0.5:7000'];

const threeAndEmpty = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' })
  .primary('d');
const guarded = threeAndEmpty
  .replica('e', { of: 'a' })
  .replica('f', { of: 'b' })
  .replica('g', { of: 'c' })
  .replica('h', { of: 'd' });
const valkeyPair = topology()
  .primary('a', { slots: '0-16383', flavor: VALKEY })
  .primary('b', { flavor: VALKEY })
  .replica('c', { of: 'a', flavor: VALKEY })
  .replica('d', { of: 'b', flavor: VALKEY });

const REQUESTS: Readonly<Record<string, Request>> = {
  'ten-slots-to-an-empty-primary': { cluster: guarded.build(), from: 'all', to: [D], slots: 10 },
  'a-quarter-to-an-empty-primary': { cluster: guarded.build(), from: 'all', to: [D], slots: 4096 },
  'five-slots-of-which-redis-cli-would-move-four': {
    cluster: guarded.build(),
    from: [A, B, C],
    to: [D],
    slots: 5,
  },
  'a-target-among-the-sources': { cluster: guarded.build(), from: [A, D], to: [D], slots: 3 },
  'two-targets-share-evenly': {
    cluster: topology().primary('a', { slots: '0-16383' }).primary('b').primary('c').build(),
    from: [nodeId('a')],
    to: [nodeId('c').slice(0, 8), B],
    slots: 101,
  },
  'one-source-drained': { cluster: guarded.build(), from: [A], to: [B, C], slots: 'all' },
  'slots-by-name': { cluster: guarded.build(), to: [D], slots: '100,5400-5500,16383' },
  'slots-that-are-there-already': { cluster: guarded.build(), to: [A], slots: '100-200' },
  'valkey-moves-atomically': { cluster: valkeyPair.build(), from: [A], to: [B], slots: 30 },
  'mixed-versions-fall-back': {
    cluster: topology().primary('a', { slots: '0-16383' }).primary('b', { flavor: REDIS_8 }).build(),
    from: 'all',
    to: [B],
    slots: 2,
  },
  measured: {
    cluster: guarded.build(),
    from: [A],
    to: [D],
    slots: 2000,
    measures: {
      keysInSlot: new Map(Array.from({ length: 2000 }, (_, slot) => [slot, 61] as const)),
      bytesPerKey: new Map([[nodeId('a'), 1500]]),
      memory: new Map([[nodeId('d'), { used: 1_000_000, max: 104_857_600 }]]),
      roundTripMs: 2,
      largeKeys: [
        { key: 'basket:1', bytes: 300_000_000, slot: 5, nodeId: nodeId('a') },
        { key: 'basket:2', bytes: 400_000_000, slot: 5000, nodeId: nodeId('a') },
        { key: 'small', bytes: 1_000_000, slot: 6, nodeId: nodeId('a') },
      ],
    },
  },
  'refused-unhealthy': {
    cluster: topology()
      .primary('a', { slots: '0-8191', migrating: { 6000: 'b' } })
      .primary('b', { slots: '8192-16382', importing: { 6000: 'a' }, clusterInfo: { cluster_state: 'fail' } })
      .build(),
    from: 'all',
    to: [B],
    slots: 10,
  },
  'refused-names': {
    cluster: guarded.build(),
    from: ['10.0.0.9:7000', nodeId('b').slice(0, 4), E],
    to: [nodeId('x')],
    slots: 0,
  },
  'refused-too-many-slots': { cluster: guarded.build(), from: [A, B], to: [D], slots: 11000 },
  'refused-count-beyond-all-slots': { cluster: guarded.build(), from: 'all', to: [D], slots: 99999 },
  'refused-no-source': { cluster: guarded.build(), from: [D], to: [D], slots: 10 },
  'refused-no-target': { cluster: guarded.build(), from: 'all', to: [], slots: 10 },
  'refused-slots-of-others': { cluster: guarded.build(), from: [A], to: [D], slots: '5400-5500,16383' },
  'refused-no-slots': { cluster: guarded.build(), to: [D], slots: '' },
  'refused-atomic': { cluster: guarded.build(), from: 'all', to: [D], slots: 10, mover: 'atomic' },
  'refused-atomic-between-products': {
    cluster: topology().primary('a', { slots: '0-16383', flavor: VALKEY }).primary('b', { flavor: REDIS_8 }).build(),
    from: 'all',
    to: [B],
    slots: 10,
    mover: 'atomic',
  },
  'refused-unreachable-target': {
    cluster: threeAndEmpty.primary('e', { unreachable: 'Connection refused' }).build(),
    from: 'all',
    to: [E],
    slots: 10,
  },
  'refused-target-that-a-source-does-not-know-yet': {
    cluster: threeAndEmpty.sees('b', (entries) => entries.filter(({ id }) => id !== nodeId('d'))).build(),
    from: 'all',
    to: [D],
    slots: 10,
  },
};

function amountOf(slots: number | string): ReshardRequest['amount'] {
  if (typeof slots === 'number') return { kind: 'count', slots };
  return slots === 'all' ? { kind: 'all' } : { kind: 'ranges', slots: parseSlots(slots) ?? [] };
}

function commandOf({ from, to, slots, mover }: Request): string {
  return [
    'cluster reshard',
    ...(from === undefined ? [] : [`--from ${typeof from === 'string' ? from : from.join(',')}`]),
    ...(to.length === 0 ? [] : [`--to ${to.join(',')}`]),
    `--slots ${slots}`,
    ...(mover === undefined ? [] : [`--mover ${mover}`]),
  ].join(' ');
}

describe('reshard', () => {
  it.each(Object.entries(REQUESTS))('%s', async (name, request) => {
    const { cluster, from, to, slots, mover = 'auto', measures } = request;
    const planned = planReshard(cluster, { ...(from && { from }), to, amount: amountOf(slots), mover });
    const shown: Planned = planned.ok && measures ? { ok: true, plan: withEstimates(planned.plan, measures) } : planned;
    await expect(movePage(commandOf(request), cluster, shown)).toMatchFileSnapshot(`reshard/${name}.txt`);
  });
});
