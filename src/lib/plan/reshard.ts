/** Moves slots from some primaries to others, as the operator says: a number of them, all of them, or which. */
import { present } from '../assert.ts';
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, nameOf, slotsInWords } from '../check/words.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, intersectSlots, isSlot, SLOT_COUNT, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { primariesOf } from '../model/topology.ts';
import { refuseUnhealthy } from './move-refusals.ts';
import type { MoverRequest } from './mover-choice.ts';
import { planMoves } from './moves.ts';
import type { Planned } from './plan.ts';
import type { Parties } from './reshard-parties.ts';
import { selectParties } from './reshard-parties.ts';
import { fillTargets, reshardQuotas, splitSlots } from './reshard-share.ts';

export type ReshardAmount =
  | { readonly kind: 'count'; readonly slots: number }
  /** Drains the sources. */
  | { readonly kind: 'all' }
  | { readonly kind: 'ranges'; readonly slots: SlotSet };

export interface ReshardRequest {
  /** Names as in `select-node.ts`. `all`: every primary but the targets. Not given, with `ranges`: whoever owns these. */
  readonly from?: 'all' | readonly string[];
  /** Filled evenly, in this order. */
  readonly to: readonly string[];
  readonly amount: ReshardAmount;
  readonly mover: MoverRequest;
}

/**
 * One step for each source and target, sources with the most slots first. A count is shared among the sources as
 * redis-cli does it and met exactly, with the lowest slots of each. Slots that a target has already stay where they
 * are: where nothing has to move, the plan has no steps.
 *
 * Refused: `unhealthy` (followed by the findings), `unknown-node`, `ambiguous-node`, `not-primary`, `unreachable`,
 * `no-target`, `no-source`, `bad-count`, `too-few-slots`, `no-such-slots`, `slots-not-owned`, `not-joined`,
 * `mover-unavailable`. Hazards: `target-as-source`, `emptied-primary`, `no-replica`, `mover-falls-back`.
 */
export function planReshard(topology: Topology, request: ReshardRequest): Planned {
  const unhealthy = refuseUnhealthy(topology, 'resharding');
  if (unhealthy.length > 0) return { ok: false, refusals: unhealthy };
  const parties = selectParties(topology, request);
  const impossible = refuseAmount(request.amount);
  if (!isParties(parties)) return { ok: false, refusals: [...parties, ...impossible] };
  const refusals = [...impossible, ...refuseShortage(topology, parties, request.amount)];
  if (refusals.length > 0) return { ok: false, refusals };
  const { sources, targets, hazards } = parties;
  const offers = offersOf(sources, request.amount);
  const flows = fillTargets(offers, targets.length).map(({ source, target, slots }) => ({
    source: present(sources[source], 'each offer is a source’s'),
    target: present(targets[target], 'only targets are filled'),
    slots,
  }));
  const intention = {
    kind: 'reshard',
    slots: flows.reduce((sum, { slots }) => sum + countSlots(slots), 0),
    sources: new Set(flows.map(({ source }) => source)).size,
    targets: targets.map(nameOf),
  } as const;
  return planMoves(topology, { intention, flows, mover: request.mover, hazards });
}

function isParties(selected: Parties | readonly Finding[]): selected is Parties {
  return 'sources' in selected;
}

/** Refuses an amount that no cluster could move. */
function refuseAmount(amount: ReshardAmount): readonly Finding[] {
  if (amount.kind === 'count') {
    const { slots } = amount;
    if (Number.isInteger(slots) && slots >= 1 && slots <= SLOT_COUNT) return [];
    return [refusal('bad-count', `The number of slots to move is from 1 to ${SLOT_COUNT}, not ${slots}.`)];
  }
  if (amount.kind === 'all') return [];
  if (amount.slots.length === 0) return [refusal('no-such-slots', 'No slots are named that could be moved.')];
  const wrong = amount.slots.filter(([first, last]) => !isSlot(first) || !isSlot(last) || first > last);
  if (wrong.length === 0) return [];
  const ranges = listInWords(wrong.map(([first, last]) => `${first}-${last}`));
  return [
    refusal('no-such-slots', `There are no such slots: ${ranges}. Slots are numbered from 0 to ${SLOT_COUNT - 1}.`),
  ];
}

/** Refuses more slots than the sources own, and slots that they do not own. */
function refuseShortage(topology: Topology, { sources, targets }: Parties, amount: ReshardAmount): readonly Finding[] {
  const owned = unionSlots(...sources.map(({ entry }) => entry.slots));
  if (amount.kind === 'count') {
    const available = countSlots(owned);
    if (amount.slots <= available) return [];
    const message = `${sources.length === 1 ? 'The source has' : 'The sources have'} ${countInWords(available, 'slot')}, not ${amount.slots}: ${listInWords(sources.map(nameOf))}.`;
    return [
      {
        ...refusal('too-few-slots', message),
        nodeIds: sources.map(({ id }) => id),
        suggestion: available === 0 ? 'Name other sources.' : `Ask for ${available} at most, or name more sources.`,
      },
    ];
  }
  if (amount.kind === 'all') return [];
  const foreign = subtractSlots(amount.slots, unionSlots(owned, ...targets.map(({ entry }) => entry.slots)));
  if (foreign.length === 0) return [];
  const owners = primariesOf(topology).filter(({ entry }) => intersectSlots(entry.slots, foreign).length > 0);
  return [
    {
      ...refusal('slots-not-owned', `The sources do not own ${slotsInWords(foreign)}.`),
      nodeIds: owners.map(({ id }) => id),
      slots: foreign,
      suggestion: `They belong to ${listInWords(owners.map(nameOf).sort())}: name these as sources, or none.`,
    },
  ];
}

function refusal(rule: string, message: string): Finding {
  return { rule, severity: 'error', message, nodeIds: [] };
}

/** What each source gives, in the order of the sources. */
function offersOf(sources: readonly ReachedNode[], amount: ReshardAmount): readonly SlotSet[] {
  const owned = sources.map(({ entry }) => entry.slots);
  if (amount.kind === 'all') return owned;
  if (amount.kind === 'ranges') return owned.map((slots) => intersectSlots(slots, amount.slots));
  const quotas = reshardQuotas(owned.map(countSlots), amount.slots);
  return owned.map((slots, index) => splitSlots(slots, quotas[index] ?? 0)[0]);
}
