/**
 * Making every slot whole again: one owner, all its keys there, no marks, and all nodes agree.
 *
 *   release-slots  where several nodes claim a slot, all but one give it up
 *   join           nodes that do not know an owner are introduced to it
 *   own-slots      a slot that nobody owns gets an owner
 *   settle-keys    of a key that is on both sides of a move, one value stays
 *   move-slots     moves that were begun are finished; meanwhile clients are sent from one side to the other
 *   gather-keys    keys at nodes that do not own their slot are brought to the one that does
 *   close-slots    the marks are taken off, and every primary is told who the owner is
 *
 * No value is ever overwritten by a different one: see `apply/settle-keys.ts`.
 */
import type { Finding } from '../check/finding.ts';
import { groupBy } from '../check/group.ts';
import { countInWords, nameOf, slotsInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import type { SharedKey, SlotEvidence } from '../model/slot-evidence.ts';
import { type SlotSet, slotSetOf } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { shareOut, takerOf } from './cover.ts';
import { type Diagnosis, diagnose, type MoveIntent } from './fix-diagnosis.ts';
import { coverOf, refuseNobody, refuseSilent } from './fix-refusals.ts';
import { fixSteps } from './fix-steps.ts';
import { refTo } from './node-ref.ts';
import type { Hazard, NodeRef, Plan } from './plan.ts';
import { livingPrimaries } from './slot-facts.ts';

export interface FixOptions {
  /** Where interrupted runs of this machine were moving slots; the newest run first. */
  readonly intents: readonly MoveIntent[];
  /** The name of the primary that gets every slot without an owner; null chooses by keys, and shares out the rest evenly. */
  readonly coverTo: string | null;
  /** Take slots away from primaries that do not answer. */
  readonly withUnreachable: boolean;
  /** What the servers are moving by themselves, and is left to them. */
  readonly busy: Busy;
}

/** Migrations inside the servers. A node that takes part in one refuses SETSLOT of any slot (Valkey 9.1.2). */
export interface Busy {
  readonly slots: SlotSet;
  readonly nodes: readonly NodeId[];
}

/** Slots that are made whole in the same way: a row of what a person reads. */
export interface Repair {
  readonly slots: SlotSet;
  readonly kind: RepairKind;
  /** Owns them when the plan is made; null where nobody does. */
  readonly owner: NodeRef | null;
  /** Owns them in the end. */
  readonly end: NodeRef;
  /** The nodes that keys are brought from, other than the one that owns them in the end. */
  readonly sources: readonly NodeRef[];
  /** Why they end there: completes "because …". */
  readonly why: string;
  /** True where a node has set them as migrating or importing. */
  readonly isOpen: boolean;
  /** Keys of these slots at all nodes together. */
  readonly keys: number;
  /** Keys that more than one node has: their values are compared before one of them goes. */
  readonly shared: number;
  /** True where their last owner does not answer: keys that only it has are lost. */
  readonly losesData: boolean;
}

export type RepairKind =
  /** All keys are at the owner: the marks are taken off. */
  | 'close'
  /** A move that was begun goes on to its end. */
  | 'finish'
  /** Keys at other nodes come to the owner. */
  | 'gather'
  /** Nobody owns it. */
  | 'cover'
  /** Several own it. */
  | 'settle';

export type FixPlanned =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly repairs: readonly Repair[];
      readonly shared: readonly SharedKey[];
    }
  | { readonly ok: false; readonly refusals: readonly Finding[] };

/** The hazard that needs --accept-data-loss. */
export const DATA_LOSS = 'data-loss';

/**
 * The plan has no steps where every slot is whole. Refused: `unreachable-primaries`, `unreachable-from-here`, `no-primary`, and
 * what `coverOf` refuses. Hazards: `data-loss`, `left-to-servers`.
 */
export function planFix(topology: Topology, evidence: SlotEvidence, options: FixOptions): FixPlanned {
  const found = diagnose(topology, evidence, options.intents, options.busy.slots);
  const cover = coverOf(topology, options);
  if ('refusals' in cover) return { ok: false, refusals: cover.refusals };
  if (found.length > 0) {
    const refusals = [...refuseSilent(topology, found, options), ...refuseNobody(topology)];
    if (refusals.length > 0) return { ok: false, refusals };
  }
  const all = settled(topology, found, cover.node);
  const diagnoses = all.filter((each) => !needs(each, options.busy.nodes));
  const slots = new Set(diagnoses.map(({ facts }) => facts.slot));
  const shared = evidence.shared.filter(({ slot }) => slots.has(slot));
  return {
    ok: true,
    plan: {
      version: 1,
      intention: intentionOf(diagnoses),
      basis: basisOf(topology),
      steps: fixSteps(topology, diagnoses, shared),
      hazards: [...hazardsOf(diagnoses), ...postponed(all.filter((each) => !diagnoses.includes(each)))],
    },
    repairs: repairsOf(diagnoses, evidence),
    shared,
  };
}

/** A diagnosis with an end: where there was none, `settled` has chosen one. */
export interface Settled extends Diagnosis {
  readonly end: ReachedNode;
  readonly kind: RepairKind;
}

function settled(topology: Topology, found: readonly Diagnosis[], coverTo: ReachedNode | null): readonly Settled[] {
  const open = found.filter(({ end }) => end === null).map(({ facts }) => facts.slot);
  const living = livingPrimaries(topology);
  const serving = living.filter(({ entry }) => entry.slots.length > 0);
  const takers = (serving.length > 0 ? serving : living).map(takerOf);
  const shares = open.length === 0 || coverTo !== null ? new Map<number, NodeId>() : shareOut(open, takers);
  return found.flatMap((diagnosis): readonly Settled[] => {
    const { facts, owner } = diagnosis;
    if (owner === null && coverTo !== null)
      return [{ ...diagnosis, end: coverTo, why: 'so it was asked for', kind: 'cover' }];
    const end = diagnosis.end ?? living.find(({ id }) => id === shares.get(facts.slot));
    return end === undefined ? [] : [{ ...diagnosis, end, kind: kindOf(diagnosis, end) }];
  });
}

function kindOf({ facts, owner, losers }: Diagnosis, end: ReachedNode): RepairKind {
  if (owner === null) return 'cover';
  if (losers.length > 0) return 'settle';
  if (end.id !== owner.id) return 'finish';
  return facts.holders.some(({ id }) => id !== owner.id) ? 'gather' : 'close';
}

function intentionOf(diagnoses: readonly Settled[]): string {
  return diagnoses.length === 0 ? 'fix slots' : `fix ${countInWords(diagnoses.length, 'slot')}`;
}

/** True where making the slot whole involves one of these nodes. */
function needs({ facts, owner, end, losers }: Settled, nodes: readonly NodeId[]): boolean {
  const marked = [...facts.migrating, ...facts.importing].map(({ node }) => node);
  return [owner, end, ...losers, ...facts.holders, ...marked].some((node) => node !== null && nodes.includes(node.id));
}

function postponed(left: readonly Settled[]): readonly Hazard[] {
  if (left.length === 0) return [];
  const slots = slotsInWords(slotSetOf(left.map(({ facts }) => facts.slot)));
  const message = `Nothing is done about ${slots} while the servers are moving other slots of the same nodes.`;
  return [{ name: 'left-to-servers', message }];
}

function hazardsOf(diagnoses: readonly Settled[]): readonly Hazard[] {
  const lost = diagnoses.flatMap(({ facts: { slot, lostWith } }) => (lostWith === null ? [] : [{ slot, lostWith }]));
  return [...groupBy(lost, ({ lostWith }) => lostWith)].map(([node, slots]) => ({
    name: DATA_LOSS,
    message: `The keys of ${slotsInWords(slotSetOf(slots.map(({ slot }) => slot)))} that only ${nameOf(node)} has are lost: it does not answer, and when it comes back it will not own them any more.`,
  }));
}

/** One repair for all slots that go the same way for the same reason, in the order of their first slots. */
function repairsOf(diagnoses: readonly Settled[], { keys, shared }: SlotEvidence): readonly Repair[] {
  const groups = groupBy(diagnoses, ({ kind, owner, end, why, facts }) => {
    const parties = [owner, end, ...facts.holders].map((node) => node?.id ?? '-');
    return [kind, `${facts.isOpen}`, facts.lostWith?.id ?? '-', ...parties, why].join(' ');
  });
  return [...groups.values()].map((group): Repair => {
    const [first] = group;
    const slots = new Set(group.map(({ facts }) => facts.slot));
    const counts = [...keys.values()].flatMap((bySlot) => [...bySlot].filter(([slot]) => slots.has(slot)));
    return {
      slots: slotSetOf(slots),
      kind: first.kind,
      owner: first.owner === null ? null : refTo(first.owner),
      end: refTo(first.end),
      sources: first.facts.holders.filter(({ id }) => id !== first.end.id).map(refTo),
      why: first.why,
      isOpen: first.facts.isOpen,
      keys: counts.reduce((sum, [, count]) => sum + count, 0),
      shared: shared.filter(({ slot }) => slots.has(slot)).length,
      losesData: first.facts.lostWith !== null,
    };
  });
}
