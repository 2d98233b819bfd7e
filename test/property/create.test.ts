/** Plans of `create`, carried out step by step on topologies: what holds after each step, at the end, and in any order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../src/lib/model/node.ts';
import { countSlots } from '../../src/lib/model/slot-set.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { primariesOf, reachedNodes, replicasOf } from '../../src/lib/model/topology.ts';
import { basisOf } from '../../src/lib/plan/basis.ts';
import { planCreate } from '../../src/lib/plan/create.ts';
import { placementCost } from '../../src/lib/plan/placement.ts';
import type { Plan } from '../../src/lib/plan/plan.ts';
import { planReset } from '../../src/lib/plan/reset.ts';
import { simulateEnd, simulatePlan } from '../../src/lib/plan/simulate.ts';
import { assertSlotsOwnedOnce } from '../support/invariants.ts';
import { newNodes } from '../support/new-nodes.ts';

interface Wish {
  readonly addresses: readonly string[];
  readonly replicas: number;
  readonly epochs: readonly number[];
}

const wishes: fc.Arbitrary<Wish> = fc.nat(3).chain((replicas) =>
  fc
    .uniqueArray(fc.tuple(fc.nat(4), fc.nat(9)), {
      minLength: replicas + 1,
      maxLength: 14,
      selector: ([host, port]) => `${host}:${port}`,
    })
    .chain((places) =>
      fc.record({
        addresses: fc.constant(places.map(([host, port]) => `10.0.0.${host}:${7000 + port}`)),
        replicas: fc.constant(replicas),
        epochs: fc.array(fc.nat(3), { minLength: places.length, maxLength: places.length }),
      }),
    ),
);

const zones = new Map([
  ['10.0.0.0', 'a'],
  ['10.0.0.1', 'b'],
  ['10.0.0.2', 'b'],
]);

function plan({ addresses, replicas, epochs }: Wish): { readonly topology: Topology; readonly plan: Plan } {
  const odd = Object.fromEntries(addresses.map((address, index) => [address, { epoch: epochs[index] ?? 0 }]));
  const topology = newNodes(addresses, odd);
  const planned = planCreate(topology, { replicas, zones });
  if (!planned.ok) throw new Error(planned.refusals.map(({ message }) => message).join('\n'));
  return { topology, plan: planned.plan };
}

describe('a plan of create', { timeout: 60_000 }, () => {
  it('never gives a slot two owners, and in the end gives each one', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const { topology, plan: made } = plan(wish);
        const states = simulatePlan(topology, made);
        for (const state of states) assertSlotsOwnedOnce(state, 'assigned-slots');
        const end = states.at(-1) ?? topology;
        assertSlotsOwnedOnce(end, 'every-slot');
        expect(simulateEnd(topology, made)).toEqual(end);
        for (const primary of primariesOf(end)) {
          expect(countSlots(primary.entry.slots)).toBeGreaterThan(0);
          expect(replicasOf(end, primary.id).length).toBeGreaterThanOrEqual(wish.replicas);
        }
      }),
    );
  });

  it('ends with nodes that all know the same, and with epochs of their own where they had none', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const { topology, plan: made } = plan(wish);
        const end = simulatePlan(topology, made).at(-1) ?? topology;
        for (const node of reachedNodes(end)) {
          expect(node.reach.view.clusterInfo['cluster_state']).toBe('ok');
          const known = node.reach.view.entries.map(({ id, primaryId, slots, configEpoch }) => ({
            id,
            primaryId,
            slots,
            configEpoch,
          }));
          const actual = end.nodes.map(({ entry: { id, primaryId, slots, configEpoch } }) => ({
            id,
            primaryId,
            slots,
            configEpoch,
          }));
          expect(new Set(known.map((entry) => JSON.stringify(entry)))).toEqual(
            new Set(actual.map((entry) => JSON.stringify(entry))),
          );
        }
        const given = made.steps.flatMap((step) => (step.kind === 'set-epoch' ? [step.epoch] : []));
        const kept = wish.epochs.filter((epoch) => epoch > 0);
        expect(given).toHaveLength(wish.epochs.length - kept.length);
        expect(new Set([...given, ...kept]).size).toBe(given.length + new Set(kept).size);
      }),
    );
  });

  it('is refused for nodes that it has been carried out on', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const { topology, plan: made } = plan(wish);
        const end = simulatePlan(topology, made).at(-1) ?? topology;
        const again = planCreate(end, { replicas: wish.replicas, zones });
        expect(again.ok).toBe(false);
      }),
    );
  });

  it('can be undone after any of its steps, and then be made again', () => {
    fc.assert(
      fc.property(wishes, fc.nat(), (wish, stop) => {
        const { topology, plan: made } = plan({ ...wish, epochs: [] });
        const states = simulatePlan(topology, made);
        const stopped = states[stop % states.length] ?? topology;
        const undo = planReset(stopped, new Set(stopped.nodes.map(({ id }) => id)), 'undo');
        if (!undo.ok) throw new Error('nodes without keys can be reset');
        expect(undo.plan.hazards).toEqual([]);
        const back = simulatePlan(stopped, undo.plan).at(-1) ?? stopped;
        const again = planCreate(back, { replicas: wish.replicas, zones });
        expect(again.ok && again.plan.steps.map(({ kind }) => kind)).toEqual(made.steps.map(({ kind }) => kind));
      }),
    );
  });

  it('is the same after a journey through JSON, and the same each time', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const made = plan(wish).plan;
        expect(JSON.parse(JSON.stringify(made))).toEqual(made);
        expect(plan(wish).plan).toEqual(made);
      }),
    );
  });

  it('is equally good, and has the same basis, in whatever order the nodes are named', () => {
    const orders = wishes
      .filter(({ addresses }) => addresses.length <= 9)
      .chain((wish) =>
        fc.record({
          wish: fc.constant({ ...wish, epochs: [] }),
          addresses: fc.shuffledSubarray([...wish.addresses], { minLength: wish.addresses.length }),
        }),
      );
    fc.assert(
      fc.property(orders, ({ wish, addresses }) => {
        const [first, second] = [plan(wish), plan({ ...wish, addresses })];
        expect(costOf(second)).toEqual(costOf(first));
        expect(second.plan.basis).toBe(first.plan.basis);
        expect(second.plan.intention).toBe(first.plan.intention);
        const sizes = (made: Plan): readonly number[] =>
          made.steps.flatMap((step) => (step.kind === 'add-slots' ? [countSlots(step.slots)] : []));
        expect(sizes(second.plan)).toEqual(sizes(first.plan));
        expect(basisOf(second.topology)).toBe(first.plan.basis);
      }),
    );
  });
});

function costOf({ topology, plan: made }: ReturnType<typeof plan>): readonly number[] {
  const nodes = topology.nodes.map((node) => ({
    id: node.id,
    host: node.address.host,
    zone: zones.get(node.address.host) ?? null,
  }));
  const replicasFor = (id: NodeId): readonly NodeId[] =>
    made.steps.flatMap((step) => (step.kind === 'replicate' && step.primary.id === id ? [step.node.id] : []));
  const shards = made.steps.flatMap((step) =>
    step.kind === 'add-slots' ? [{ primary: step.node.id, replicas: replicasFor(step.node.id) }] : [],
  );
  return placementCost(nodes, shards);
}
