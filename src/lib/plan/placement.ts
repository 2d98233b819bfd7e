/**
 * Which nodes become primaries, and whose replicas the others become.
 *
 * N nodes with R replicas each make P = floor(N / (R + 1)) shards; the nodes that are left over become further
 * replicas, spread so that no two shards differ by more than one. (redis-cli gives each shard at most one of them and
 * leaves the rest, which exist from R = 4 on, without a part.)
 *
 * The goal is the smallest {@link PlacementCost}, compared from left to right. What is known of the result:
 *
 * - It is the best of all placements for every combination of hosts, zones and replicas with up to 8 nodes
 *   (exhaustively compared with brute force: test/property/placement.test.ts).
 * - It is the best whenever it reaches {@link lowerBound}, which is proven on paper there. This holds for every number
 *   of nodes, and is what happens where no host and no zone has more nodes than there are shards.
 * - Otherwise no exchange of two nodes betters it, and no two exchanges in touching shards do, up to a bound on the work.
 */
import { assert, present } from '../assert.ts';
import type { NodeId } from '../model/node.ts';
import { Arrangement, EMPTY, type PlacementCost } from './arrangement.ts';
import { lowerBound, spreadPrimaries } from './placement-bound.ts';
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
  const arrangement = seatHosts(hosts, shardCount);
  improve(arrangement, shardCount, lowerBound(hosts, shardCount));
  return nameNodes(nodes, hosts, arrangement, shardCount);
}

/** What a placement of these nodes costs. */
export function placementCost(nodes: readonly PlacementNode[], shards: readonly PlacedShard[]): PlacementCost {
  const hosts = hostsOf(nodes);
  const indexOf = new Map(hosts.flatMap((host, index) => host.nodeIds.map((id) => [id, index] as const)));
  const width = Math.max(...shards.map((shard) => shard.replicas.length + 1));
  const arrangement = new Arrangement(hosts.map((host) => host.zone), shards.length, width);
  for (const [shard, { primary, replicas }] of shards.entries()) {
    for (const [seat, id] of [primary, ...replicas].entries()) {
      arrangement.place({ shard, seat }, present(indexOf.get(id), 'a placement is made of the nodes it was given'));
    }
  }
  return arrangement.cost;
}

/** A host with its nodes, in the operator's order; zones are numbered by their first node. */
export interface PlacementHost {
  readonly nodeIds: readonly NodeId[];
  readonly zone: number;
}

/** The hosts in the order of their first node. */
export function hostsOf(nodes: readonly PlacementNode[]): readonly PlacementHost[] {
  const zones = [...new Set(nodes.map((node) => node.zone))];
  const names = [...new Set(nodes.map((node) => node.host))];
  return names.map((name) => {
    const own = nodes.filter((node) => node.host === name);
    assert(new Set(own.map((node) => node.zone)).size === 1, 'the nodes of one host are in one zone');
    return { nodeIds: own.map((node) => node.id), zone: zones.indexOf(own[0]?.zone ?? null) };
  });
}

/** A good beginning: the primaries as evenly as can be, then each replica where it costs least and room is most. */
function seatHosts(hosts: readonly PlacementHost[], shardCount: number): Arrangement {
  const nodeCount = hosts.reduce((count, host) => count + host.nodeIds.length, 0);
  const arrangement = new Arrangement(hosts.map((host) => host.zone), shardCount, Math.ceil(nodeCount / shardCount));
  const primaries = spreadPrimaries(hosts, shardCount);
  const rest = hosts.map((host) => host.nodeIds.length);
  for (const [shard, host] of primaries.entries()) {
    arrangement.place({ shard, seat: 0 }, host);
    rest[host] = (rest[host] ?? 0) - 1;
  }
  // Big hosts first: the fewer choices are left, the smaller the host that has to live with them.
  const order = [...rest.keys()].sort((left, right) => (rest[right] ?? 0) - (rest[left] ?? 0) || left - right);
  const replicas = order.flatMap((host) => new Array<number>(rest[host] ?? 0).fill(host));
  const free = new Array<number>(shardCount).fill(1);
  let fullMax = nodeCount % shardCount;
  ...
}
