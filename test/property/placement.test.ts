/** Placement against brute force, against what nothing can be better than, and against the order of the nodes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../src/lib/model/node.ts';
import type { PlacementCost } from '../../src/lib/plan/arrangement.ts';
import { compareCosts } from '../../src/lib/plan/arrangement.ts';
import type { PlacedShard, PlacementNode } from '../../src/lib/plan/placement.ts';
import { placementBound, placementCost, placeShards, shardCountOf } from '../../src/lib/plan/placement.ts';
import { cpuMsOf } from '../support/cpu-time.ts';
import { nodeId } from '../support/topology-builder.ts';

/** So many nodes on each host, and the zone of each host. */
interface Machines {
  readonly nodesOnHost: readonly number[];
  readonly zoneOfHost: readonly number[];
}

function nodesOf({ nodesOnHost, zoneOfHost }: Machines): readonly PlacementNode[] {
  return nodesOnHost.flatMap((count, host) =>
    Array.from({ length: count }, (_, index) => ({
      id: nodeId(`${host}/${index}`),
      host: `host-${host}`,
      zone: `zone-${zoneOfHost[host]}`,
    })),
  );
}

/** The cost written anew from its definition, without anything that the planner uses. */
function costFromDefinition(nodes: readonly PlacementNode[], shards: readonly PlacedShard[]): PlacementCost {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const labels = (id: NodeId): readonly [string, string] => [byId.get(id)?.host ?? '', byId.get(id)?.zone ?? ''];
  const mates = (label: 0 | 1): readonly [number, number] => {
    let [besidePrimary, pairs] = [0, 0];
    for (const { primary, replicas } of shards) {
      const own = replicas.map((id) => labels(id)[label]);
      besidePrimary += own.filter((name) => name === labels(primary)[label]).length;
      for (const [index, name] of own.entries()) pairs += own.slice(0, index).filter((other) => other === name).length;
    }
    return [besidePrimary, pairs];
  };
  const spread = (label: 0 | 1): number => {
    const names = shards.map(({ primary }) => labels(primary)[label]);
    return [...new Set(names)].reduce((sum, name) => sum + names.filter((other) => other === name).length ** 2, 0);
  };
  return [...mates(0), ...mates(1), spread(1), spread(0)];
}

/** The best cost of all partitions into shards whose sizes differ by one at most, with every choice of primaries. */
function bestByBruteForce(nodes: readonly PlacementNode[], shardCount: number): PlacementCost {
  const smallest = Math.floor(nodes.length / shardCount);
  let largerShards = nodes.length % shardCount;
  let best: PlacementCost | undefined;
  const shards: PlacedShard[] = [];
  const divide = (rest: readonly NodeId[]): void => {
    const [first, ...others] = rest;
    if (first === undefined) {
      const cost = costFromDefinition(nodes, shards);
      if (best === undefined || compareCosts(cost, best) < 0) best = cost;
      return;
    }
    for (const size of [smallest, smallest + 1]) {
      if (size > smallest && largerShards === 0) continue;
      if (size === smallest && shardCount - shards.length === largerShards) continue;
      largerShards -= size - smallest;
      for (const mates of choose(others, size - 1)) {
        const shard = [first, ...mates];
        for (const primary of shard) {
          shards.push({ primary, replicas: shard.filter((id) => id !== primary) });
          divide(others.filter((id) => !mates.includes(id)));
          shards.pop();
        }
      }
      largerShards += size - smallest;
    }
  };
  divide(nodes.map(({ id }) => id));
  if (best === undefined) throw new Error('there is a partition');
  return best;
}

function* choose<Item>(items: readonly Item[], count: number): Generator<readonly Item[]> {
  if (count === 0) yield [];
  for (const [index, item] of items.entries()) {
    if (count > 0) for (const rest of choose(items.slice(index + 1), count - 1)) yield [item, ...rest];
  }
}

/** Every way to put `count` nodes on hosts, biggest host first. */
function* hostSizes(count: number, most = count): Generator<readonly number[]> {
  if (count === 0) yield [];
  for (let size = Math.min(count, most); size > 0; size--) {
    for (const rest of hostSizes(count - size, size)) yield [size, ...rest];
  }
}

/** Every way to put hosts in up to three zones, zones being named in the order of their first host. */
function* zonings(hostCount: number, zones: readonly number[] = []): Generator<readonly number[]> {
  if (zones.length === hostCount) yield zones;
  else {
    const next = Math.min(2, zones.reduce((most, zone) => Math.max(most, zone), -1) + 1);
    for (let zone = 0; zone <= next; zone++) yield* zonings(hostCount, [...zones, zone]);
  }
}

/** One number of replicas for each number of shards that so many nodes can make. */
function replicaCounts(nodeCount: number): readonly number[] {
  const all = Array.from({ length: nodeCount }, (_, replicas) => replicas);
  return all.filter((replicas) => shardCountOf(nodeCount, replicas) !== shardCountOf(nodeCount, replicas - 1));
}

const machines = (hostsMax: number, nodesOnHostMax: number, zonesMax: number): fc.Arbitrary<Machines> =>
  fc
    .array(fc.record({ nodes: fc.integer({ min: 1, max: nodesOnHostMax }), zone: fc.nat(zonesMax - 1) }), {
      minLength: 1,
      maxLength: hostsMax,
    })
    .map((hosts) => ({ nodesOnHost: hosts.map(({ nodes }) => nodes), zoneOfHost: hosts.map(({ zone }) => zone) }));

describe('placement', { timeout: 180_000 }, () => {
  it.each([1, 2, 3, 4, 5, 6, 7])(
    'is the best that brute force finds for every combination of %i nodes',
    (nodeCount) => {
      for (const nodesOnHost of hostSizes(nodeCount)) {
        for (const zoneOfHost of zonings(nodesOnHost.length)) {
          const nodes = nodesOf({ nodesOnHost, zoneOfHost });
          for (const replicas of replicaCounts(nodeCount)) {
            const cost = placementCost(nodes, placeShards(nodes, replicas));
            const best = bestByBruteForce(nodes, shardCountOf(nodeCount, replicas));
            expect({ nodesOnHost, zoneOfHost, replicas, cost }).toEqual({
              nodesOnHost,
              zoneOfHost,
              replicas,
              cost: best,
            });
          }
        }
      }
    },
  );

  it('is the best that brute force finds for 8 nodes in any order', () => {
    const eightNodes = fc
      .array(fc.nat(7), { minLength: 8, maxLength: 8 })
      .chain((hosts) =>
        fc.record({ hosts: fc.constant(hosts), zones: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }) }),
      );
    fc.assert(
      fc.property(eightNodes, fc.integer({ min: 1, max: 3 }), ({ hosts, zones }, replicas) => {
        const nodes = hosts.map((host, index) => ({
          id: nodeId(`${index}`),
          host: `host-${host}`,
          zone: zones[host] === 3 ? null : `zone-${zones[host]}`,
        }));
        const best = bestByBruteForce(nodes, shardCountOf(8, replicas));
        expect(placementCost(nodes, placeShards(nodes, replicas))).toEqual(best);
      }),
      { numRuns: 100 },
    );
  });

  it('costs what the definition says, and never less than the bound', () => {
    fc.assert(
      fc.property(machines(12, 6, 3), fc.nat(4), (some, replicas) => {
        const nodes = nodesOf(some);
        fc.pre(nodes.length > replicas);
        const shards = placeShards(nodes, replicas);
        const cost = placementCost(nodes, shards);
        expect(cost).toEqual(costFromDefinition(nodes, shards));
        expect(compareCosts(cost, placementBound(nodes, shards.length))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('keeps all nodes of a shard apart where no host and no zone has more nodes than there are shards', () => {
    fc.assert(
      fc.property(machines(40, 5, 4), fc.integer({ min: 1, max: 3 }), (some, replicas) => {
        const nodes = nodesOf(some);
        const shardCount = shardCountOf(nodes.length, replicas);
        const nodesInZone = [0, 1, 2, 3].map((zone) => nodes.filter((node) => node.zone === `zone-${zone}`).length);
        fc.pre(shardCount > 0 && Math.max(...some.nodesOnHost, ...nodesInZone) <= shardCount);
        const cost = placementCost(nodes, placeShards(nodes, replicas));
        expect(cost.slice(0, 4)).toEqual([0, 0, 0, 0]);
        expect(cost).toEqual(placementBound(nodes, shardCount));
      }),
    );
  });

  it('puts no replica on its primary’s host where the hosts allow it, whatever their sizes', () => {
    fc.assert(
      fc.property(machines(20, 12, 3), fc.integer({ min: 1, max: 3 }), (some, replicas) => {
        const nodes = nodesOf(some);
        fc.pre(nodes.length > replicas);
        const shards = placeShards(nodes, replicas);
        const [besidePrimary] = placementCost(nodes, shards);
        expect(besidePrimary).toBe(placementBound(nodes, shards.length)[0]);
      }),
    );
  });

  it('has every node once, shards of nearly the same size, and the operator’s order in all that is equal', () => {
    fc.assert(
      fc.property(machines(12, 6, 3), fc.nat(6), (some, replicas) => {
        const nodes = nodesOf(some);
        fc.pre(nodes.length > replicas);
        const shards = placeShards(nodes, replicas);
        const ids = shards.flatMap((shard) => [shard.primary, ...shard.replicas]);
        expect([...ids].sort()).toEqual(nodes.map(({ id }) => id).sort());
        const sizes = shards.map((shard) => shard.replicas.length);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(replicas);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const position = new Map(nodes.map(({ id }, index) => [id, index]));
        const inOrder = (list: readonly NodeId[]): boolean =>
          list.every(
            (id, index) => index === 0 || (position.get(id) ?? 0) > (position.get(list[index - 1] ?? id) ?? 0),
          );
        expect([shards.map(({ primary }) => primary), ...shards.map((shard) => shard.replicas)].every(inOrder)).toBe(
          true,
        );
      }),
    );
  });

  it('costs the same in whatever order the nodes are named', () => {
    const shuffled = machines(3, 3, 2).chain((some) =>
      fc
        .shuffledSubarray([...nodesOf(some)], { minLength: 1 })
        .chain((nodes) =>
          fc.record({ nodes: fc.constant(nodes), again: fc.shuffledSubarray(nodes, { minLength: nodes.length }) }),
        ),
    );
    fc.assert(
      fc.property(shuffled, fc.integer({ min: 0, max: 2 }), ({ nodes, again }, replicas) => {
        fc.pre(nodes.length > replicas);
        const cost = placementCost(nodes, placeShards(nodes, replicas));
        expect(placementCost(again, placeShards(again, replicas))).toEqual(cost);
      }),
    );
  });

  it('takes well under a second for 1000 nodes', () => {
    const nodes = nodesOf({
      nodesOnHost: new Array<number>(100).fill(10),
      zoneOfHost: Array.from({ length: 100 }, (_, host) => host % 3),
    });
    let shards: ReturnType<typeof placeShards> = [];
    const tookMs = cpuMsOf(() => {
      shards = placeShards(nodes, 2);
    });
    expect(tookMs).toBeLessThan(1000);
    expect(placementCost(nodes, shards)).toEqual(placementBound(nodes, 333));
  });
});
