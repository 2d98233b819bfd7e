/**
 * Whose replica does a node become? That of the primary with the fewest replicas; among equals, of one with slots, then of one on
 * another host and in another zone than the node, and whose replicas are elsewhere too.
 */
import { present } from '../assert.ts';
import type { NodeId } from '../model/node.ts';
import { byId, hasFlag } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { hostOf, isReached, primariesOf, replicasOf } from '../model/topology.ts';

/** A primary that may get replicas, with those that it has and keeps. */
export interface Place {
  readonly primary: TopologyNode;
  readonly replicas: readonly TopologyNode[];
}

/** Primaries that answer and that nobody takes for failed, with those of their replicas that answer. */
export function placesIn(topology: Topology): readonly Place[] {
  return primariesOf(topology)
    .filter((node) => isReached(node) && !hasFlag(node.entry, 'fail'))
    .map((primary) => ({ primary, replicas: replicasOf(topology, primary.id).filter(isReached) }));
}

/** The zone of each host, by the address that was typed or by the one that its nodes announce. */
export type Zones = ReadonlyMap<string, string>;

/**
 * The primary of each of the nodes, whatever the order of nodes and places. Each node takes the best place in turn; then nodes
 * are moved and exchanged until no move of one and no exchange of two is better.
 */
export function placeReplicas(
  nodes: readonly TopologyNode[],
  among: readonly Place[],
  zones: Zones,
): ReadonlyMap<NodeId, TopologyNode> {
  const board: Board = {
    nodes: [...nodes].sort(byId),
    shards: [...among].sort((a, b) => byId(a.primary, b.primary)),
    zones,
  };
  let places: Places = board.nodes.map(() => NOWHERE);
  for (const node of board.nodes.keys()) places = leastOf(board, places, moves(board, places, node)) ?? places;
  for (;;) {
    const better = improve(board, places);
    if (better === null) break;
    places = better;
  }
  return new Map(
    board.nodes.map((node, index) => {
      const shard = present(board.shards[places[index] ?? NOWHERE], 'there is a primary for every replica');
      return [node.id, shard.primary];
    }),
  );
}

interface Board {
  readonly nodes: readonly TopologyNode[];
  readonly shards: readonly Place[];
  readonly zones: Zones;
}

/** The index of the shard of each node. */
type Places = readonly number[];

const NOWHERE = -1;

/** Smaller is better, the first difference decides. */
type Cost = readonly number[];

function moves({ shards }: Board, places: Places, node: number): readonly Places[] {
  return [...shards.keys()].map((shard) => places.with(node, shard));
}

/** The best of the candidates, of several the first; null where there are none. */
function leastOf(board: Board, places: Places, candidates: readonly Places[]): Places | null {
  let least: Places | null = null;
  for (const candidate of candidates)
    if (least === null || difference(board, places, candidate, least) < 0) least = candidate;
  return least;
}

/** The first change that makes it better; null where none does. */
function improve(board: Board, places: Places): Places | null {
  for (const node of board.nodes.keys()) {
    const exchanges = places.map((place, other) => places.with(node, place).with(other, places[node] ?? NOWHERE));
    const candidates = [...moves(board, places, node), ...exchanges];
    const better = candidates.find((candidate) => difference(board, places, candidate, places) < 0);
    if (better) return better;
  }
  return null;
}

/** Below 0 where `left` is better than `right`. Only the shards that differ from `places` in either are compared. */
function difference(board: Board, places: Places, left: Places, right: Places): number {
  const changed = places.flatMap((place, node) =>
    place === left[node] && place === right[node] ? [] : [place, left[node] ?? NOWHERE, right[node] ?? NOWHERE],
  );
  const shards = [...new Set(changed)].filter((shard) => shard !== NOWHERE);
  return compare(costOf(board, left, shards), costOf(board, right, shards));
}

/**
 * In this order: how unevenly replicas are spread; how many follow primaries without slots; how many are on the host of their
 * primary; in its zone; on the host of another replica of it; in the zone of one.
 */
function costOf({ nodes, shards, zones }: Board, places: Places, which: readonly number[]): Cost {
  const cost = [0, 0, 0, 0, 0, 0];
  const add = (index: number, amount: number): void => {
    cost[index] = (cost[index] ?? 0) + amount;
  };
  for (const shard of which) {
    const { primary, replicas } = present(shards[shard], 'places are indexes of shards');
    const own = nodes.filter((_, index) => places[index] === shard);
    add(0, (replicas.length + own.length) ** 2);
    if (primary.entry.slots.length === 0) add(1, own.length);
    for (const [index, node] of own.entries()) {
      const siblings = [...replicas, ...own.slice(0, index)];
      if (hostOf(node) === hostOf(primary)) add(2, 1);
      if (isSameZone(node, primary, zones)) add(3, 1);
      add(4, siblings.filter((other) => hostOf(other) === hostOf(node)).length);
      add(5, siblings.filter((other) => isSameZone(other, node, zones)).length);
    }
  }
  return cost;
}

function isSameZone(left: TopologyNode, right: TopologyNode, zones: Zones): boolean {
  const zone = zoneOf(left, zones);
  return zone !== undefined && zone === zoneOf(right, zones);
}

function zoneOf(node: TopologyNode, zones: Zones): string | undefined {
  return zones.get(node.address.host) ?? zones.get(hostOf(node));
}

function compare(left: Cost, right: Cost): number {
  const index = left.findIndex((part, at) => part !== right[at]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}
