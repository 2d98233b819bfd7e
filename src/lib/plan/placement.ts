/**
 * Which nodes become primaries, and whose replicas the others become.
 *
 * N nodes with R replicas each make P = floor(N / (R + 1)) shards; the nodes that are left over become further
 * replicas, spread so that no two shards differ by more than one. (redis-cli gives each shard at most one of them and
 * leaves the rest, which exist from R = 4 on, without a part.)
 *
 * The goal is the smallest {@link PlacementCost}, compared from left to right: first no replica on its primary's host,
 * last the primaries spread evenly. What is known of the result:
 *
 * - Where it reaches the bound of `placement-bound.ts`, which is argued there for any number of nodes, it is the best of
 *   all placements. That is so wherever no host and no zone has more nodes than there are shards (a property test, to
 *   200 nodes), and nearly everywhere else.
 * - Up to 7 nodes it is the best for every combination of hosts, zones and replicas, compared with brute force; for 8
 *   nodes the test samples the combinations.
 * - Beyond that no exchange of two nodes improves it, and no two or three that touch the same shards, unless the bound
 *   on the work ended the search. From 11 nodes on, where two or three shards share a few hosts of very different
 *   sizes, the third and later places of the cost are known to miss the best sometimes. For the first two no case is
 *   known.
 */
import { assert, present } from '../assert.ts';
import type { NodeId } from '../model/node.ts';
import type { PlacementCost, Seat } from './arrangement.ts';
import { Arrangement, EMPTY } from './arrangement.ts';
import type { PlacementHost } from './placement-bound.ts';
import { choosePrimaries } from './placement-bound.ts';
import { improve } from './placement-search.ts';

export interface PlacementNode {
  readonly id: NodeId;
  readonly host: string;
  /** Nodes without a zone are taken to be in one zone together. The nodes of one host are in one zone. */
  readonly zone: string | null;
}

export interface PlacedShard {
  readonly primary: NodeId;
  readonly replicas: readonly NodeId[];
}

/** How many shards `nodeCount` nodes make with so many replicas each; 0 where they are too few. */
export function shardCountOf(nodeCount: number, replicasPerPrimary: number): number {
  return Math.floor(nodeCount / (replicasPerPrimary + 1));
}

/**
 * Every node in exactly one shard; the shards, and the replicas of each, in the order of `nodes`. Among placements of
 * the same cost the earlier nodes become primaries, and the earlier replicas go to the earlier primaries.
 * There must be enough nodes for one shard.
 */
export function placeShards(nodes: readonly PlacementNode[], replicasPerPrimary: number): readonly PlacedShard[] {
  const shardCount = shardCountOf(nodes.length, replicasPerPrimary);
  assert(shardCount > 0, 'a placement has nodes for at least one shard');
  const hosts = hostsOf(nodes);
  const { primaries, bound } = choosePrimaries(hosts, shardCount);
  const arrangement = seatHosts(hosts, primaries, nodes.length);
  improve(arrangement, shardCount, bound);
  return seatNodes(nodes, hosts, arrangement, shardCount);
}

/** What a placement of these nodes costs. */
export function placementCost(nodes: readonly PlacementNode[], shards: readonly PlacedShard[]): PlacementCost {
  const hosts = hostsOf(nodes);
  const positionOf = new Map(nodes.map((node, position) => [node.id, position]));
  const hostAt = new Map(hosts.flatMap((host, index) => host.positions.map((position) => [position, index] as const)));
  const seatsPerShard = Math.max(...shards.map((shard) => shard.replicas.length + 1));
  const arrangement = new Arrangement(zonesOf(hosts), shards.length, seatsPerShard);
  for (const [shard, { primary, replicas }] of shards.entries()) {
    for (const [seat, id] of [primary, ...replicas].entries()) {
      const host = hostAt.get(positionOf.get(id) ?? -1);
      arrangement.place({ shard, seat }, present(host, 'a placement is made of the nodes it was given'));
    }
  }
  return arrangement.cost;
}

/** A lower bound for the cost of any placement of these nodes in so many shards. */
export function placementBound(nodes: readonly PlacementNode[], shardCount: number): PlacementCost {
  return choosePrimaries(hostsOf(nodes), shardCount).bound;
}

/** The hosts in the order of their first node. */
function hostsOf(nodes: readonly PlacementNode[]): readonly PlacementHost[] {
  const zones = [...new Set(nodes.map((node) => node.zone))];
  const hosts = new Map<string, { zone: number; positions: number[] }>();
  for (const [position, node] of nodes.entries()) {
    const zone = zones.indexOf(node.zone);
    const host = hosts.get(node.host) ?? { zone, positions: [] };
    assert(host.zone === zone, `the nodes of ${node.host} are in one zone`);
    host.positions.push(position);
    hosts.set(node.host, host);
  }
  return [...hosts.values()];
}

function zonesOf(hosts: readonly PlacementHost[]): readonly number[] {
  return hosts.map((host) => host.zone);
}

/** Where the search starts: primaries as evenly as can be, then each replica where it costs least, emptier shards first. */
function seatHosts(hosts: readonly PlacementHost[], primaries: readonly number[], nodeCount: number): Arrangement {
  const shardCount = primaries.length;
  const arrangement = new Arrangement(zonesOf(hosts), shardCount, Math.ceil(nodeCount / shardCount));
  const waiting = hosts.map((host) => host.positions.length);
  for (const [shard, host] of primaries.entries()) {
    arrangement.place({ shard, seat: 0 }, host);
    waiting[host] = (waiting[host] ?? 0) - 1;
  }
  const taken = new Array<number>(shardCount).fill(1);
  let largerShards = nodeCount % shardCount;
  const seatsPerShard = Math.floor(nodeCount / shardCount);
  for (const host of dealingOrder(hosts, waiting)) {
    const open = [...taken.keys()].filter((shard) => (taken[shard] ?? 0) < seatsPerShard + Math.min(1, largerShards));
    const seats = open
      .sort((left, right) => (taken[left] ?? 0) - (taken[right] ?? 0) || left - right)
      .map((shard) => ({ shard, seat: taken[shard] ?? 0 }));
    const cheapest = cheapestSeat(arrangement, seats, host);
    arrangement.place(cheapest, host);
    taken[cheapest.shard] = cheapest.seat + 1;
    if (cheapest.seat === seatsPerShard) largerShards--;
  }
  return arrangement;
}

/** The host of each replica, in the order of seating: big zones, and in them big hosts, first, as they have the least choice. */
function dealingOrder(hosts: readonly PlacementHost[], waiting: readonly number[]): readonly number[] {
  const inZone: number[] = [];
  for (const [index, host] of hosts.entries()) inZone[host.zone] = (inZone[host.zone] ?? 0) + (waiting[index] ?? 0);
  const zoneOf = (index: number): number => hosts[index]?.zone ?? 0;
  return [...hosts.keys()]
    .sort(
      (left, right) =>
        (inZone[zoneOf(right)] ?? 0) - (inZone[zoneOf(left)] ?? 0) ||
        zoneOf(left) - zoneOf(right) ||
        (waiting[right] ?? 0) - (waiting[left] ?? 0) ||
        left - right,
    )
    .flatMap((host) => new Array<number>(waiting[host] ?? 0).fill(host));
}

/** The first of the seats on which the host costs least. */
function cheapestSeat(arrangement: Arrangement, seats: readonly Seat[], host: number): Seat {
  let best: { readonly seat: Seat; readonly cost: PlacementCost } | undefined;
  for (const seat of seats) {
    arrangement.place(seat, host);
    if (best === undefined || arrangement.compareTo(best.cost) < 0) best = { seat, cost: arrangement.cost };
    arrangement.place(seat, EMPTY);
  }
  return present(best, 'there are as many seats as nodes').seat;
}

/** Gives the seats of each host to its nodes in the operator's order: first the primaries' seats, then the replicas'. */
function seatNodes(
  nodes: readonly PlacementNode[],
  hosts: readonly PlacementHost[],
  arrangement: Arrangement,
  shardCount: number,
): readonly PlacedShard[] {
  const waiting = hosts.map((host) => [...host.positions]);
  const next = (host: number): number => present(waiting[host]?.shift(), 'a host has a node for each of its seats');
  const shards = Array.from({ length: shardCount }, (_, shard) => {
    const [primary = EMPTY, ...replicas] = arrangement.shard(shard);
    return { primary: next(primary), replicas };
  }).sort((left, right) => left.primary - right.primary);
  const idAt = (position: number): NodeId => present(nodes[position], 'a position is that of a node').id;
  return shards.map(({ primary, replicas }) => {
    const positions = replicas.filter((host) => host !== EMPTY).map(next);
    return { primary: idAt(primary), replicas: positions.sort((left, right) => left - right).map(idAt) };
  });
}
