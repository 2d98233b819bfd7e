/** The steps that make diagnosed slots whole: those of the same parties together, so that there are few of them. */
import type { SharedKey } from '../model/slot-evidence.ts';
import { hasSlot, slotSetOf } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import type { Settled } from './fix.ts';
import { refTo } from './node-ref.ts';
import type { MoveSlots, NodeRef, Step } from './plan.ts';
import { strangers } from './slot-facts.ts';

/** In the order of `fix.ts`: owners first, marks last. */
export function fixSteps(
  topology: Topology,
  diagnoses: readonly Settled[],
  shared: readonly SharedKey[],
): readonly Step[] {
  const isShared = new Set(shared.map(({ slot }) => slot));
  const owning = diagnoses.filter(
    (each) => each.owner === null || each.losers.length > 0 || isHardToBelieve(topology, each),
  );
  const finishing = diagnoses.filter(({ owner, end }) => owner !== null && owner.id !== end.id);
  // AFTER claims are given up: whoever learns of an owner with a higher epoch deletes the keys of what he claims.
  const lonely = strangers(topology);
  const gathering = diagnoses.flatMap((each) => gatherings(each));
  return [
    ...grouped(
      diagnoses.flatMap((each) =>
        each.losers.map((loser) => ({ slot: each.facts.slot, parties: [loser, ownerOf(each)] })),
      ),
      ([node, owner = node], slots) => ({ kind: 'release-slots', node, owner, slots }),
    ),
    ...(lonely.length === 0 ? [] : [{ kind: 'join', nodes: lonely.map(refTo) } as const]),
    ...grouped(
      owning.map((each) => ({ slot: each.facts.slot, parties: [ownerOf(each)] })),
      ([node], slots) => ({ kind: 'own-slots', node, slots }),
    ),
    ...grouped(
      finishing
        .filter(({ facts }) => isShared.has(facts.slot))
        .map((each) => ({ slot: each.facts.slot, parties: [ownerOf(each), each.end] })),
      ([source, target = source], slots) => ({ kind: 'settle-keys', source, target, slots }),
    ),
    ...grouped(
      finishing.map((each) => ({ slot: each.facts.slot, parties: [ownerOf(each), each.end] })),
      ([source, target = source], slots): MoveSlots => ({
        kind: 'move-slots',
        source,
        target,
        slots,
        mover: 'key-wise',
        estimate: null,
      }),
    ),
    ...grouped(gathering, ([source, target = source], slots) => ({ kind: 'gather-keys', source, target, slots })),
    ...grouped(
      diagnoses.map(({ facts, end }) => ({ slot: facts.slot, parties: [end] })),
      ([node], slots) => ({ kind: 'close-slots', node, slots }),
    ),
  ];
}

/** Who owns the slot once the first stage is done. */
function ownerOf({ owner, end }: Settled): ReachedNode {
  return owner ?? end;
}

/** A replica takes nobody's word for it but the owner's own, with a higher epoch. */
function isHardToBelieve(topology: Topology, { facts, owner }: Settled): boolean {
  if (!facts.isDisputed || owner === null) return false;
  return topology.nodes.some(
    ({ reach }) =>
      reach.ok && reach.view.entries.some((entry) => entry.id !== owner.id && hasSlot(entry.slots, facts.slot)),
  );
}

interface Gathering {
  readonly slot: number;
  readonly parties: readonly ReachedNode[];
}

/** From every holder but the end, and but the owner whose keys go by the move. */
function gatherings(each: Settled): readonly Gathering[] {
  const { facts, end } = each;
  const moved = ownerOf(each).id;
  return facts.holders
    .filter(({ id }) => id !== end.id && id !== moved)
    .map((holder) => ({ slot: facts.slot, parties: [holder, end] }));
}

/** One step for each combination of parties, sorted by their ids. */
function grouped(
  items: readonly Gathering[],
  make: (parties: readonly [NodeRef, ...NodeRef[]], slots: MoveSlots['slots']) => Step,
): readonly Step[] {
  const groups = new Map<string, { readonly parties: readonly ReachedNode[]; readonly slots: number[] }>();
  for (const { slot, parties } of items) {
    const key = parties.map(({ id }) => id).join(' ');
    const group = groups.get(key);
    if (group) group.slots.push(slot);
    else groups.set(key, { parties, slots: [slot] });
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { parties, slots }]) =>
      make(parties.map(refTo) as unknown as readonly [NodeRef, ...NodeRef[]], slotSetOf(slots)),
    );
}
