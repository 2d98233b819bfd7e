/** Plans that move slots, carried out step by step on topologies: what holds after each step, and at the end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSlots, intersectSlots, slotSetOf, subtractSlots, unionSlots } from '../../src/lib/model/slot-set.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { findNode, primariesOf, reachedNodes } from '../../src/lib/model/topology.ts';
import type { MoveSlots, Plan } from '../../src/lib/plan/plan.ts';
import type { RebalanceRequest } from '../../src/lib/plan/rebalance.ts';
import { planRebalance } from '../../src/lib/plan/rebalance.ts';
import type { ReshardRequest } from '../../src/lib/plan/reshard.ts';
import { planReshard } from '../../src/lib/plan/reshard.ts';
import { simulateEnd, simulatePlan } from '../../src/lib/plan/simulate.ts';
import { exactShares } from '../../src/lib/plan/slot-dues.ts';
import { accepted } from '../support/accepted.ts';
import { assertSlotsOwnedOnce } from '../support/invariants.ts';
import type { SomeCluster } from '../support/some-clusters.ts';
import { someClusters } from '../support/some-clusters.ts';
import { nodeId } from '../support/topology-builder.ts';

function movesOf(plan: Plan): readonly MoveSlots[] {
  return plan.steps.filter((step): step is MoveSlots => step.kind === 'move-slots');
}

function movedSlots(plan: Plan): number {
  return movesOf(plan).reduce((sum, { slots }) => sum + countSlots(slots), 0);
}

function slotCounts({ nodes }: Topology): ReadonlyMap<string, number> {
  return new Map(nodes.map(({ id, entry }) => [id, countSlots(entry.slots)]));
}

function rangeCount(topology: Topology): number {
  return primariesOf(topology).reduce((sum, { entry }) => sum + entry.slots.length, 0);
}

/** The same nodes in another order; the first stays the seed. */
function reordered(cluster: Topology): Topology {
  const [seed, ...others] = cluster.nodes;
  return seed ? { ...cluster, nodes: [seed, ...others.reverse()] } : cluster;
}

/** What holds of every plan that moves slots. Returns the end. */
function carryOut(cluster: Topology, plan: Plan): Topology {
  const states = simulatePlan(cluster, plan);
  const pairs = movesOf(plan).map(({ source, target }) => `${source.id} ${target.id}`);
  expect(new Set(pairs).size).toBe(pairs.length);
  for (const { source, target, slots } of movesOf(plan)) {
    expect(source.id).not.toBe(target.id);
    expect(countSlots(slots)).toBeGreaterThan(0);
  }
  for (const state of states) {
    assertSlotsOwnedOnce(state, 'every-slot');
    for (const node of reachedNodes(state)) {
      for (const believed of node.reach.view.entries) {
        const { slots, configEpoch } = findNode(state, believed.id)?.entry ?? {};
        expect({ slots: believed.slots, configEpoch: believed.configEpoch }).toEqual({ slots, configEpoch });
      }
    }
  }
  const end = states.at(-1) ?? cluster;
  expect(simulateEnd(cluster, plan)).toEqual(end);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  return end;
}

interface Wish {
  readonly cluster: SomeCluster;
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly slots: readonly number[];
}

const wishes: fc.Arbitrary<Wish> = someClusters(6).chain((cluster) => {
  const some = fc.uniqueArray(fc.nat(cluster.primaries.length - 1), { minLength: 1 });
  return fc.record({
    cluster: fc.constant(cluster),
    from: some,
    to: fc.uniqueArray(fc.nat(cluster.primaries.length - 1), { minLength: 1, maxLength: 3 }),
    slots: fc.uniqueArray(fc.nat(16383), { minLength: 1, maxLength: 60 }),
  });
});

function named(indexes: readonly number[]): readonly string[] {
  return indexes.map((index) => nodeId(`p${index}`));
}

describe('a plan of reshard', { timeout: 60_000 }, () => {
  it('moves exactly as many slots as asked for, in equal parts to the targets, or is refused', () => {
    fc.assert(
      fc.property(wishes, fc.integer({ min: 1, max: 16384 }), fc.boolean(), (wish, count, all) => {
        const { topology } = wish.cluster;
        const request: ReshardRequest = {
          from: all ? 'all' : named(wish.from),
          to: named(wish.to),
          amount: { kind: 'count', slots: count },
          mover: 'auto',
        };
        const planned = planReshard(topology, request);
        const sources = (all ? topology.nodes.map(({ id }) => id) : named(wish.from)).filter(
          (id) => !named(wish.to).includes(id),
        );
        const before = slotCounts(topology);
        const available = sources.reduce((sum, id) => sum + (before.get(id) ?? 0), 0);
        expect(planned.ok).toBe(count <= available);
        if (!planned.ok) {
          expect(planned.refusals[0]?.rule).toMatch(/^(too-few-slots|no-source)$/);
          return;
        }
        expect(movedSlots(planned.plan)).toBe(count);
        const after = slotCounts(carryOut(topology, planned.plan));
        const gains = named(wish.to).map((id) => (after.get(id) ?? 0) - (before.get(id) ?? 0));
        expect(Math.max(...gains) - Math.min(...gains)).toBeLessThanOrEqual(1);
        expect([...gains].sort((a, b) => b - a)).toEqual(gains);
        expect(planReshard(reordered(topology), request)).toEqual(planned);
      }),
      { numRuns: 60 },
    );
  });

  it('drains its sources, and then has nothing more to do', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const { topology } = wish.cluster;
        const from = wish.from.filter((index) => !wish.to.includes(index));
        fc.pre(from.length > 0);
        const request: ReshardRequest = {
          from: named(from),
          to: named(wish.to),
          amount: { kind: 'all' },
          mover: 'auto',
        };
        const end = carryOut(topology, accepted(planReshard(topology, request)));
        for (const id of named(from)) expect(slotCounts(end).get(id)).toBe(0);
        expect(accepted(planReshard(end, request)).steps).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('moves the slots that are named, no others, and none that a target has', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const { topology } = wish.cluster;
        const slots = slotSetOf(wish.slots);
        const request: ReshardRequest = { to: named(wish.to), amount: { kind: 'ranges', slots }, mover: 'auto' };
        const plan = accepted(planReshard(topology, request));
        const there = (cluster: Topology): ReturnType<typeof unionSlots> =>
          unionSlots(...cluster.nodes.filter(({ id }) => named(wish.to).includes(id)).map(({ entry }) => entry.slots));
        const moved = unionSlots(...movesOf(plan).map((move) => move.slots));
        expect(moved).toEqual(subtractSlots(slots, there(topology)));
        const end = carryOut(topology, plan);
        expect(intersectSlots(there(end), slots)).toEqual(slots);
        expect(accepted(planReshard(end, request)).steps).toEqual([]);
        expect(planReshard(reordered(topology), request)).toEqual({ ok: true, plan });
      }),
      { numRuns: 60 },
    );
  });
});

interface Balance {
  readonly cluster: SomeCluster;
  readonly request: RebalanceRequest;
}

const balances: fc.Arbitrary<Balance> = someClusters(7).chain((cluster) =>
  fc
    .record({
      weights: fc.dictionary(fc.constantFrom(...cluster.primaries.map(nodeId)), fc.constantFrom(0, 0.5, 1, 1.7, 3, 10)),
      useEmptyPrimaries: fc.boolean(),
    })
    .map(({ weights, useEmptyPrimaries }) => ({
      cluster,
      request: {
        weights: new Map(Object.entries(weights)),
        useEmptyPrimaries,
        thresholdPercent: 0,
        mover: 'auto' as const,
      },
    })),
);

/** Who takes part, with weight and slots. */
function involved({ cluster, request }: Balance): readonly { id: string; weight: number; slots: number }[] {
  return primariesOf(cluster.topology)
    .map(({ id, entry }) => ({ id, weight: request.weights.get(id) ?? 1, slots: countSlots(entry.slots) }))
    .filter(({ id, slots }) => slots > 0 || request.useEmptyPrimaries || request.weights.has(id));
}

describe('a plan of rebalance', { timeout: 60_000 }, () => {
  it('gives every primary its due with as few slots moved as possible, and then has nothing more to do', () => {
    fc.assert(
      fc.property(balances, (balance) => {
        const { cluster, request } = balance;
        const parties = involved(balance);
        const planned = planRebalance(cluster.topology, request);
        expect(planned.ok).toBe(parties.some(({ weight }) => weight > 0));
        if (!planned.ok) return;
        const end = carryOut(cluster.topology, planned.plan);
        const after = slotCounts(end);
        const shares = exactShares(parties);
        let surplus = 0;
        for (const [index, { id, weight, slots }] of parties.entries()) {
          const own = after.get(id) ?? -1;
          expect(Math.abs(own - (shares[index] ?? 0))).toBeLessThan(1);
          if (weight === 0) expect(own).toBe(0);
          surplus += Math.max(0, slots - own);
        }
        expect(movedSlots(planned.plan)).toBe(surplus);
        expect(rangeCount(end)).toBeLessThanOrEqual(rangeCount(cluster.topology) + Math.max(0, parties.length - 1));
        // From the end on, empty primaries take part only where they are named or asked for, as those of weight 0 are.
        expect(accepted(planRebalance(end, request)).steps).toEqual([]);
        expect(planRebalance(reordered(cluster.topology), request)).toEqual(planned);
      }),
      { numRuns: 100 },
    );
  });

  it('does nothing within the threshold, and the same as without one beyond it', () => {
    fc.assert(
      fc.property(balances, fc.constantFrom(0.5, 2, 10, 50), (balance, thresholdPercent) => {
        const { cluster, request } = balance;
        const parties = involved(balance);
        fc.pre(parties.some(({ weight }) => weight > 0));
        const steps = accepted(planRebalance(cluster.topology, { ...request, thresholdPercent })).steps;
        const shares = exactShares(parties);
        const isBeyond = parties.some(({ weight, slots }, index) => {
          const expected = Math.trunc(shares[index] ?? 0);
          if (slots === 0) return expected > 1;
          return weight === 0 || Math.abs(100 - (100 * expected) / slots) > thresholdPercent;
        });
        expect(steps).toEqual(isBeyond ? accepted(planRebalance(cluster.topology, request)).steps : []);
      }),
      { numRuns: 60 },
    );
  });
});
