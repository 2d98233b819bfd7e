/**
 * Whose replica does a node become? Those with the fewest replicas come first; among equals, one on another host, and
 * in another zone, than the primary and its other replicas.
 */
import { present } from '../assert.ts';
import type { NodeId } from '../model/node.ts';
import { byId, hasFlag } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { hostOf, isReached, primariesOf, replicasOf } from '../model/topology.ts';

/** A primary with the replicas that it has and keeps. */
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
 * The primary of each of the nodes. Deterministic: neither the order of the nodes nor that of the places counts. They
 * are exchanged until no exchange, and no move of one node, is better.
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

/** The first of the candidates that nothing is better than; null without candidates. */
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

/** Below 0 where `left` is better than `right`: only the shards count in which one of them differs from `places`. */
function difference(board: Board, places: Places, left: Places, right: Places): number {
  const changed = places.flatMap((place, node) =>
    place === left[node] && place === right[node] ? [] : [place, left[node] ?? NOWHERE, right[node] ?? NOWHERE],
  );
  const shards = [...new Set(changed)].filter((shard) => shard !== NOWHERE);
  return compare(costOf(board, left, shards), costOf(board, right, shards));
}

/**
 * How uneven; how many guard no slots; how many are on their primary's host, in its zone, on the host of another replica
 * of it, and in the zone of one.
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
