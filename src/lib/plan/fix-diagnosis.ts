/**
 * What is wrong with a slot, and who is to own it in the end? Marks, claims, keys and journals are weighed here and nowhere
 * else.
 *
 *   who owns it      the primary that claims it; of several the one with the highest config epoch, because that is
 *                    what the cluster comes to by itself; where nobody does, whoever has most of its keys
 *   where it goes    to where an interrupted run of this machine was moving it; else to the node that the owner's
 *                    MIGRATING mark names, where that node takes part in the move (imports the slot, or has keys of
 *                    it). An IMPORTING mark alone is no direction: the owner stays owner
 *   the other keys   are gathered at the end
 */
import type { NodeId } from '../model/node.ts';
import { hasFlag, isInService } from '../model/node.ts';
import type { SlotEvidence } from '../model/slot-evidence.ts';
import { hasSlot, type SlotSet } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { livingPrimaries, type SlotFacts, slotFacts } from './slot-facts.ts';

/** Where an interrupted run of this machine was moving a slot, by the ids of the shard's nodes. */
export interface MoveIntent {
  readonly run: string;
  readonly slots: SlotSet;
  readonly targets: readonly NodeId[];
}

/** Where the slot is to end, and why. */
export interface Diagnosis {
  readonly facts: SlotFacts;
  /** Who owns it before keys are moved; null where nobody claims it, and an owner has to be chosen. */
  readonly owner: ReachedNode | null;
  /** Who owns it in the end; null where nothing speaks for anybody, see `cover.ts`. */
  readonly end: ReachedNode | null;
  /** Others that claim it, and have to give it up. */
  readonly losers: readonly ReachedNode[];
  /** Why it ends there: completes "because …". */
  readonly why: string;
}

/** All slots that are not whole, ascending, except those in `busy`, which the servers are moving. */
export function diagnose(
  topology: Topology,
  evidence: SlotEvidence,
  intents: readonly MoveIntent[],
  busy: SlotSet,
): readonly Diagnosis[] {
  const facts = slotFacts(topology, evidence);
  return facts
    .filter((each) => isBroken(each) && !hasSlot(busy, each.slot))
    .map((each) => diagnosisOf(topology, each, intents));
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
  // The mark names a node that is gone: the target has failed over, and its heir has the keys.
  const strangers = facts.holders.filter(({ id }) => id !== owner.id);
  const [heir] = strangers;
  if (heir !== undefined && strangers.length === 1 && !isAlive(facts, mark.peer))
    return { end: heir, why: 'its owner was migrating it to a node that is gone, and the keys are here' };
  return { end: owner, why: 'the node that it was to go to takes no part' };
}

function isAlive({ migrating, importing, holders, claims }: SlotFacts, id: NodeId): boolean {
  const seen = [...holders, ...claims, ...[...migrating, ...importing].map(({ node }) => node)];
  return seen.some((node) =>
    node.reach.view.entries.some((entry) => entry.id === id && hasFlag(entry, 'master') && isInService(entry)),
  );
}

function whyOwner({ claims, importing }: SlotFacts, owner: ReachedNode): string {
  const { configEpoch } = owner.entry;
  const isShared = claims.some(({ id, entry }) => id !== owner.id && entry.configEpoch === configEpoch);
  if (isShared) return `all claim it with the config epoch ${configEpoch}, and its id is the lowest`;
  if (claims.length > 1) return `its config epoch, ${configEpoch}, is the highest`;
  return importing.length > 0 ? 'it owns it and is not migrating it' : 'it owns it';
}

/** The end of a slot that nobody claims; null where nothing speaks for anybody. */
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

/** The one of these nodes that answers and is a primary; of two, the one with the higher epoch. */
function livingPrimary(topology: Topology, ids: readonly NodeId[]): ReachedNode | null {
  const found = livingPrimaries(topology).filter(({ id }) => ids.includes(id));
  return found.sort((a, b) => b.entry.configEpoch - a.entry.configEpoch)[0] ?? null;
}
