/** What do the views of all nodes, and the keys that they hold, say about each slot? Nothing is decided here. */
import { groupByEach } from '../check/group.ts';
import { openSlotsOf } from '../check/open-slots.ts';
import type { NodeId } from '../model/node.ts';
import { byId, hasFlag } from '../model/node.ts';
import type { SlotEvidence } from '../model/slot-evidence.ts';
import {
  ALL_SLOTS,
  eachSlot,
  intersectSlots,
  SLOT_COUNT,
  type SlotSet,
  subtractSlots,
  unionSlots,
} from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf, reachedNodes } from '../model/topology.ts';

/** What is known about one slot. */
export interface SlotFacts {
  readonly slot: number;
  /** Reachable primaries that say it is theirs, the highest epoch first; of equal ones the lower id, which takes a new epoch. */
  readonly claims: readonly ReachedNode[];
  /** Reachable primaries with keys of it, the most keys first. */
  readonly holders: readonly ReachedNode[];
  readonly migrating: readonly Mark[];
  readonly importing: readonly Mark[];
  /** True where any node has it set as migrating or importing. */
  readonly isOpen: boolean;
  /** The reachable primary that most nodes take for the owner. */
  readonly believed: ReachedNode | null;
  /** True where some node believes in another owner than the one that claims it. */
  readonly isDisputed: boolean;
  /** A primary that does not answer, and that others believe to own it: with a higher epoch than that of whoever claims it. */
  readonly lostWith: TopologyNode | null;
}

export interface Mark {
  readonly node: ReachedNode;
  readonly peer: NodeId;
}

/** Slots that do not look whole in the topology alone. Of these the owners' keys have to be looked at, too. */
export function suspectSlots(topology: Topology): SlotSet {
  const claimed = primariesOf(topology)
    .filter(isReached)
    .map(({ entry }) => entry.slots);
  let once: SlotSet = [];
  let twice: SlotSet = [];
  for (const slots of claimed) {
    twice = unionSlots(twice, intersectSlots(slots, once));
    once = unionSlots(once, slots);
  }
  return unionSlots(openSlotsOf(topology), twice, subtractSlots(ALL_SLOTS, once));
}

/** What is known about each slot, ascending. */
export function slotFacts(topology: Topology, { keys }: SlotEvidence): readonly SlotFacts[] {
  const primaries = livingPrimaries(topology);
  const claims = groupByEach(primaries, ({ entry }) => eachSlot(entry.slots));
  const holders = groupByEach(primaries, ({ id }) =>
    [...(keys.get(id) ?? [])].flatMap(([slot, count]) => (count > 0 ? [slot] : [])),
  );
  const migrating = marksOf(primaries, 'migrating');
  const importing = marksOf(primaries, 'importing');
  const open = new Set(eachSlot(openSlotsOf(topology)));
  const lost = new Map<number, TopologyNode>();
  for (const { node, slots } of silentOwners(topology)) for (const slot of eachSlot(slots)) lost.set(slot, node);
  const beliefs = beliefsOf(topology);
  return Array.from({ length: SLOT_COUNT }, (_, slot): SlotFacts => {
    const claiming = [...(claims.get(slot) ?? [])].sort(
      (a, b) => b.entry.configEpoch - a.entry.configEpoch || byId(a, b),
    );
    const holding = [...(holders.get(slot) ?? [])].sort(
      (a, b) => (keys.get(b.id)?.get(slot) ?? 0) - (keys.get(a.id)?.get(slot) ?? 0),
    );
    const believing = beliefs.of(slot);
    const owner = claiming[0]?.id;
    return {
      slot,
      claims: claiming,
      holders: holding,
      migrating: migrating.get(slot) ?? [],
      importing: importing.get(slot) ?? [],
      isOpen: open.has(slot),
      believed: mostBelieved(primaries, believing),
      isDisputed: owner !== undefined && beliefs.isDisputed(slot, owner),
      lostWith: lost.get(slot) ?? null,
    };
  });
}

/** Sorted by id, so that every choice among them is the same each time. */
export function livingPrimaries(topology: Topology): readonly ReachedNode[] {
  return primariesOf(topology)
    .filter(isReached)
    .filter(({ entry }) => !hasFlag(entry, 'handshake'))
    .sort(byId);
}

/** Nodes that do not know an owner of slots, with those owners; each once, sorted by id. None where all know all owners. */
export function strangers(topology: Topology): readonly ReachedNode[] {
  const owners = livingPrimaries(topology).filter(({ entry }) => entry.slots.length > 0);
  const found = reachedNodes(topology)
    .filter(({ entry }) => !hasFlag(entry, 'handshake'))
    .flatMap((node) => {
      const known = new Set(node.reach.view.entries.map(({ id }) => id));
      const unknown = owners.filter(({ id }) => !known.has(id));
      return unknown.length === 0 ? [] : [node, ...unknown];
    });
  return [...new Map(found.map((node) => [node.id, node])).values()].sort(byId);
}

/** A primary that does not answer, and the slots that some node takes for its own and that nobody claims who has overtaken it. */
export interface SilentOwner {
  readonly node: TopologyNode;
  readonly slots: SlotSet;
}

/**
 * Sorted by id. A claim with a lower epoch does not count: the servers would settle such a slot for the silent one. All views
 * are asked: a node that imports a slot goes on to give it to an owner that has failed over, and the
 * asked node may be that one.
 */
export function silentOwners(topology: Topology): readonly SilentOwner[] {
  const primaries = livingPrimaries(topology);
  const entries = reachedNodes(topology).flatMap(({ reach }) => reach.view.entries);
  return topology.nodes
    .filter((node) => !isReached(node))
    .map((node) => {
      const beliefs = [node.entry, ...entries.filter(({ id }) => id === node.id)];
      const epoch = Math.max(...beliefs.map(({ configEpoch }) => configEpoch));
      const overtaking = primaries.filter(({ entry }) => entry.configEpoch >= epoch).map(({ entry }) => entry.slots);
      return {
        node,
        slots: subtractSlots(unionSlots(...beliefs.map(({ slots }) => slots)), unionSlots(...overtaking)),
      };
    })
    .filter(({ slots }) => slots.length > 0)
    .sort((a, b) => byId(a.node, b.node));
}

function marksOf(nodes: readonly ReachedNode[], kind: 'migrating' | 'importing'): ReadonlyMap<number, readonly Mark[]> {
  const marks = new Map<number, Mark[]>();
  for (const node of nodes)
    for (const { slot, peer } of node.entry[kind]) marks.set(slot, [...(marks.get(slot) ?? []), { node, peer }]);
  return marks;
}

interface Beliefs {
  /** How many views give the slot to each owner, or to nobody. */
  of(slot: number): ReadonlyMap<NodeId | null, number>;
  /** True where a view gives the slot to another. Views that give it to nobody count only where they know the owner. */
  isDisputed(slot: number, owner: NodeId): boolean;
}

/** Built for speed: most slots have one owner in all views, and slots of the same owner share one map. */
function beliefsOf(topology: Topology): Beliefs {
  const known = reachedNodes(topology).map(({ reach }) => new Set(reach.view.entries.map(({ id }) => id)));
  const views = reachedNodes(topology).map(({ reach }) => {
    const owners = new Array<NodeId | null>(SLOT_COUNT).fill(null);
    for (const entry of reach.view.entries) for (const slot of eachSlot(entry.slots)) owners[slot] = entry.id;
    return owners;
  });
  const unanimous = new Map<NodeId | null, ReadonlyMap<NodeId | null, number>>();
  const of = (slot: number): ReadonlyMap<NodeId | null, number> => {
    const first = views[0]?.[slot] ?? null;
    if (views.every((owners) => owners[slot] === first)) {
      const shared = unanimous.get(first) ?? new Map([[first, views.length]]);
      unanimous.set(first, shared);
      return shared;
    }
    const counts = new Map<NodeId | null, number>();
    for (const owners of views) counts.set(owners[slot] ?? null, (counts.get(owners[slot] ?? null) ?? 0) + 1);
    return counts;
  };
  const isDisputed = (slot: number, owner: NodeId): boolean =>
    views.some((owners, index) => owners[slot] !== owner && (owners[slot] !== null || known[index]?.has(owner)));
  return { of, isDisputed };
}

function mostBelieved(
  primaries: readonly ReachedNode[],
  believing: ReadonlyMap<NodeId | null, number>,
): ReachedNode | null {
  const candidates = primaries.filter(({ id }) => believing.has(id));
  return [...candidates].sort((a, b) => (believing.get(b.id) ?? 0) - (believing.get(a.id) ?? 0))[0] ?? null;
}
