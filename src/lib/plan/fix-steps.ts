/** The steps that make diagnosed slots whole: one for all slots that take the same step between the same nodes. */
import { groupBy } from '../check/group.ts';
import type { SharedKey } from '../model/slot-evidence.ts';
import { hasSlot, type SlotSet, slotSetOf } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import type { Settled } from './fix.ts';
import { refTo } from './node-ref.ts';
import type { Step } from './plan.ts';
import { strangers } from './slot-facts.ts';

/** In the order that `fix.ts` explains: owners first, marks last. `shared`: keys that more than one node has. */
export function fixSteps(
  topology: Topology,
  diagnoses: readonly Settled[],
  shared: readonly SharedKey[],
): readonly Step[] {
  const isShared = new Set(shared.map(({ slot }) => slot));
  const owning = diagnoses.filter(
    (each) => each.owner === null || each.losers.length > 0 || isHardToBelieve(topology, each),
  );
  const moving = diagnoses
    .filter(({ owner, end }) => owner !== null && owner.id !== end.id)
    .map((each) => ({ slot: each.facts.slot, parties: [ownerOf(each), each.end] as const }));
  // They join AFTER claims are given up: a node that learns of an owner with a higher epoch deletes the keys it claims.
  const lonely = strangers(topology);
  return [
    ...grouped(
      diagnoses.flatMap((each) =>
        each.losers.map((loser) => ({ slot: each.facts.slot, parties: [loser, ownerOf(each)] as const })),
      ),
      ([node, owner], slots) => ({ kind: 'release-slots', node: refTo(node), owner: refTo(owner), slots }),
    ),
    ...(lonely.length === 0 ? [] : [{ kind: 'join', nodes: lonely.map(refTo) } as const]),
    ...grouped(
      owning.map((each) => ({ slot: each.facts.slot, parties: [ownerOf(each)] as const })),
      ([node], slots) => ({ kind: 'own-slots', node: refTo(node), slots }),
    ),
    ...grouped(
      moving.filter(({ slot }) => isShared.has(slot)),
      ([source, target], slots) => ({ kind: 'settle-keys', source: refTo(source), target: refTo(target), slots }),
    ),
    ...grouped(moving, ([source, target], slots) => ({
      kind: 'move-slots',
      source: refTo(source),
      target: refTo(target),
      slots,
      mover: 'key-wise',
      estimate: null,
    })),
    ...grouped(diagnoses.flatMap(gatherings), ([source, target], slots) => ({
      kind: 'gather-keys',
      source: refTo(source),
      target: refTo(target),
      slots,
    })),
    ...grouped(
      diagnoses.map(({ facts, end }) => ({ slot: facts.slot, parties: [end] as const })),
      ([node], slots) => ({ kind: 'close-slots', node: refTo(node), slots }),
    ),
  ];
}

/** Who owns the slot once every slot has one owner, before any key moves. */
function ownerOf({ owner, end }: Settled): ReachedNode {
  return owner ?? end;
}

/** True where some node believes in another owner: only the owner's own word, with a higher epoch, convinces it. */
function isHardToBelieve(topology: Topology, { facts, owner }: Settled): boolean {
  if (!facts.isDisputed || owner === null) return false;
  return topology.nodes.some(
    ({ reach }) =>
      reach.ok && reach.view.entries.some((entry) => entry.id !== owner.id && hasSlot(entry.slots, facts.slot)),
  );
}

/** One slot of a step, with the one node or the two that the step is about. */
interface SlotOf<Parties> {
  readonly slot: number;
  readonly parties: Parties;
}

/** From every holder but the end, and but the owner, whose keys go with the move. */
function gatherings(each: Settled): readonly SlotOf<readonly [holder: ReachedNode, end: ReachedNode]>[] {
  const { facts, end } = each;
  const moved = ownerOf(each).id;
  return facts.holders
    .filter(({ id }) => id !== end.id && id !== moved)
    .map((holder) => ({ slot: facts.slot, parties: [holder, end] as const }));
}

/** One step for all slots of the same parties; the steps are in the order of the parties' ids. */
function grouped<Parties extends readonly ReachedNode[]>(
  items: readonly SlotOf<Parties>[],
  make: (parties: Parties, slots: SlotSet) => Step,
): readonly Step[] {
  return [...groupBy(items, ({ parties }) => parties.map(({ id }) => id).join(' '))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => make(group[0].parties, slotSetOf(group.map(({ slot }) => slot))));
}
