/**
 * What is wrong with one slot, and where it is to end: the evidence of marks, claims, keys and journals, weighed in
 * one place.
 *
 *   who owns it      the primary that claims it; of several the one with the highest config epoch, because that is
 *                    what the cluster comes to by itself; where nobody does, whoever has most of its keys
 *   where it goes    to where an interrupted run of this machine was moving it; else to the node that the owner's
 *                    MIGRATING mark names, where that node takes part in the move (imports the slot, or has keys of
 *                    it). An IMPORTING mark alone is no direction: the owner stays owner
 *   the other keys   are gathered at the end
 */
import type { NodeId } from '../model/node.ts';
import { hasFlag } from '../model/node.ts';
import type { SlotEvidence } from '../model/slot-evidence.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { ALL_SLOTS, eachSlot, hasSlot, SLOT_COUNT, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf, reachedNodes } from '../model/topology.ts';

/** Where an interrupted run of this machine was moving a slot, by the ids of the shard's nodes. */
export interface MoveIntent {
  readonly run: string;
  readonly slots: SlotSet;
  readonly targets: readonly NodeId[];
}

/** What is known about one slot. */
export interface SlotFacts {
  readonly slot: number;
  /** Reachable primaries that say it is theirs, the highest epoch first. */
  readonly claims: readonly ReachedNode[];
  /** Reachable primaries with keys of it, the most keys first. */
  readonly holders: readonly ReachedNode[];
  readonly migrating: readonly Mark[];
  readonly importing: readonly Mark[];
  /** True where a mark, of whatever node, is there. */
  readonly isOpen: boolean;
  /** The reachable primary that most nodes take for the owner. */
  readonly believed: ReachedNode | null;
  /** True where a node takes another for the owner than the one that claims it. */
  readonly isDisputed: boolean;
  /** A primary that does not answer, and that others believe to own it. */
  readonly lostWith: TopologyNode | null;
}

export interface Mark {
  readonly node: ReachedNode;
  readonly peer: NodeId;
}

/** Where the slot is to end, and why. */
export interface Diagnosis {
  readonly facts: SlotFacts;
  /** The owner when the keys begin to move; null where somebody has still to be chosen. */
  readonly owner: ReachedNode | null;
  /** Owns it in the end; null as `owner`. */
  readonly end: ReachedNode | null;
  /** Claim the slot as well, and give it up. */
  readonly losers: readonly ReachedNode[];
  /** Why it ends there, a phrase that completes "because". */
  readonly why: string;
}

/** The slots that are not whole. Ascending; slots in `busy` are left out: the servers are moving them. */
export function diagnose(
  topology: Topology,
  evidence: SlotEvidence,
  intents: readonly MoveIntent[],
  busy: SlotSet,
): readonly Diagnosis[] {
  const facts = factsOf(topology, evidence);
  return facts
    .filter((each) => isBroken(each) && !hasSlot(busy, each.slot))
    .map((each) => diagnosisOf(topology, each, intents));
}

/** The slots that do not look whole in the topology alone, and so are worth a look at the keys of their owners too. */
export function suspectSlots(topology: Topology): SlotSet {
  const marked = reachedNodes(topology).flatMap(({ entry }) =>
    [...entry.migrating, ...entry.importing].map(({ slot }) => [slot, slot] as const),
  );
  const claimed = primariesOf(topology)
    .filter(isReached)
    .map(({ entry }) => entry.slots);
  let once: SlotSet = [];
  let twice: SlotSet = [];
  for (const slots of claimed) {
    twice = unionSlots(twice, subtractSlots(slots, subtractSlots(slots, once)));
    once = unionSlots(once, slots);
  }
  return unionSlots(marked, twice, subtractSlots(ALL_SLOTS, once));
}

function isBroken({ claims, holders, isOpen, isDisputed }: SlotFacts): boolean {
  return isOpen || isDisputed || claims.length !== 1 || holders.some(({ id }) => id !== claims[0]?.id);
}

function diagnosisOf(topology: Topology, facts: SlotFacts, intents: readonly MoveIntent[]): Diagnosis {
  const intent = intents.find(({ slots }) => hasSlot(slots, facts.slot));
  const intended = intent === undefined ? null : livingPrimary(topology, intent.targets);
  const [owner = null, ...losers] = facts.claims;
  if (owner === null) return { facts, owner, losers, ...chosenOwner(facts, intended, intent?.run) };
  return { facts, owner, losers, ...endOf(facts, owner, intended, intent?.run) };
}

function endOf(
  facts: SlotFacts,
  owner: ReachedNode,
  intended: ReachedNode | null,
  run: string | undefined,
): Pick<Diagnosis, 'end' | 'why'> {
  const takesPart = ({ id }: ReachedNode): boolean =>
    facts.importing.some(({ node }) => node.id === id) || facts.holders.some((holder) => holder.id === id);
  const mark = facts.migrating.find(({ node }) => node.id === owner.id);
  if (intended !== null && (intended.id === owner.id || takesPart(intended) || mark?.peer === intended.id))
    return { end: intended, why: `run ${run} was moving it there` };
  if (mark === undefined) return { end: owner, why: whyOwner(facts, owner) };
  const parties = [...facts.importing.map(({ node }) => node), ...facts.holders].filter(({ id }) => id !== owner.id);
  const named = parties.find(({ id }) => id === mark.peer);
  if (named !== undefined) return { end: named, why: 'its owner is migrating it there' };
  // A node that is named and gone: a failover of the target, whose keys its replica has.
  const strangers = facts.holders.filter(({ id }) => id !== owner.id);
  const [heir] = strangers;
  if (heir !== undefined && strangers.length === 1 && !isAlive(facts, mark.peer))
    return { end: heir, why: 'its owner was migrating it to a node that is gone, and the keys are here' };
  return { end: owner, why: 'the node that it was to go to takes no part' };
}

function isAlive({ migrating, importing, holders, claims }: SlotFacts, id: NodeId): boolean {
  const seen = [...holders, ...claims, ...[...migrating, ...importing].map(({ node }) => node)];
  return seen.some((node) => node.reach.view.entries.some((entry) => entry.id === id && isInService(entry.flags)));
}

function isInService(flags: readonly string[]): boolean {
  return flags.includes('master') && !flags.some((flag) => ['fail', 'fail?', 'noaddr', 'handshake'].includes(flag));
}

function whyOwner({ claims, importing }: SlotFacts, owner: ReachedNode): string {
  if (claims.length > 1) return `its config epoch, ${owner.entry.configEpoch}, is the highest`;
  return importing.length > 0 ? 'it owns it and is not migrating it' : 'it owns it';
}

/** Null where neither keys nor marks speak for anybody. */
function chosenOwner(
  { holders, importing, believed, lostWith }: SlotFacts,
  intended: ReachedNode | null,
  run: string | undefined,
): Pick<Diagnosis, 'end' | 'why'> {
  if (intended !== null) return { end: intended, why: `run ${run} was moving it there` };
  const nobody = lostWith === null ? 'nobody owns it' : 'its owner does not answer';
  const importer = importing.length === 1 ? importing[0]?.node : undefined;
  const hasKeys = importer !== undefined && holders.some(({ id }) => id === importer.id);
  if (importer !== undefined && hasKeys) return { end: importer, why: `${nobody}, and this one is importing it` };
  const [most] = holders;
  if (most !== undefined) return { end: most, why: `${nobody}, and its keys are there` };
  if (believed !== null) return { end: believed, why: `${nobody}, and others take this one for the owner` };
  return { end: null, why: `${nobody}, and no other node has keys of it` };
}

/** Of these nodes the primary that answers; of two the one with the higher epoch. */
function livingPrimary(topology: Topology, ids: readonly NodeId[]): ReachedNode | null {
  const found = livingPrimaries(topology).filter(({ id }) => ids.includes(id));
  return found.sort((a, b) => b.entry.configEpoch - a.entry.configEpoch)[0] ?? null;
}

/** Sorted by id, so that every choice among them is the same each time. */
export function livingPrimaries(topology: Topology): readonly ReachedNode[] {
  return primariesOf(topology)
    .filter(isReached)
    .filter(({ entry }) => !hasFlag(entry, 'handshake'))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
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
  return [...new Map(found.map((node) => [node.id, node])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What is known about each slot, ascending. */
function factsOf(topology: Topology, { keys }: SlotEvidence): readonly SlotFacts[] {
  const primaries = livingPrimaries(topology);
  const claims = bySlot(primaries, ({ entry }) => eachSlot(entry.slots));
  const holders = bySlot(primaries, ({ id }) =>
    [...(keys.get(id) ?? [])].flatMap(([slot, count]) => (count > 0 ? [slot] : [])),
  );
  const migrating = marksOf(primaries, 'migrating');
  const importing = marksOf(primaries, 'importing');
  const open = new Set(
    reachedNodes(topology).flatMap(({ entry }) => [...entry.migrating, ...entry.importing].map(({ slot }) => slot)),
  );
  const lost = new Map<number, TopologyNode>();
  for (const node of unreachedPrimaries(topology)) for (const slot of eachSlot(node.entry.slots)) lost.set(slot, node);
  const beliefs = beliefsOf(topology);
  return Array.from({ length: SLOT_COUNT }, (_, slot): SlotFacts => {
    const claiming = [...(claims.get(slot) ?? [])].sort((a, b) => b.entry.configEpoch - a.entry.configEpoch);
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
      lostWith: owner === undefined ? (lost.get(slot) ?? null) : null,
    };
  });
}

/** Primaries that do not answer and are believed to own slots. Sorted by id. */
export function unreachedPrimaries(topology: Topology): readonly TopologyNode[] {
  return primariesOf(topology)
    .filter((node) => !isReached(node) && node.entry.slots.length > 0)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function bySlot(
  nodes: readonly ReachedNode[],
  slotsOf: (node: ReachedNode) => Iterable<number>,
): ReadonlyMap<number, readonly ReachedNode[]> {
  const found = new Map<number, ReachedNode[]>();
  for (const node of nodes)
    for (const slot of slotsOf(node)) {
      const known = found.get(slot);
      if (known) known.push(node);
      else found.set(slot, [node]);
    }
  return found;
}

function marksOf(nodes: readonly ReachedNode[], kind: 'migrating' | 'importing'): ReadonlyMap<number, readonly Mark[]> {
  const marks = new Map<number, Mark[]>();
  for (const node of nodes)
    for (const { slot, peer } of node.entry[kind]) marks.set(slot, [...(marks.get(slot) ?? []), { node, peer }]);
  return marks;
}

interface Beliefs {
  /** How many views give the slot to whom. */
  of(slot: number): ReadonlyMap<NodeId | null, number>;
  /** True where a view gives it to another. One that does not know the owner at all is not asked. */
  isDisputed(slot: number, owner: NodeId): boolean;
}

/** Most slots have one owner in all views, and share one answer. */
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
