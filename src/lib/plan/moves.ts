/** From who gives which slots to whom, makes a plan: what resharding and rebalancing have in common. */
import type { SlotSet } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { moveHazards } from './move-hazards.ts';
import type { MoveIntention } from './move-intention.ts';
import { formatMoveIntention } from './move-intention.ts';
import { refuseStrangers } from './move-refusals.ts';
import type { MoverRequest } from './mover-choice.ts';
import { fallBackHazard, moverFor, refuseAtomic } from './mover-choice.ts';
import { refTo } from './node-ref.ts';
import type { Hazard, MoveSlots, Planned } from './plan.ts';

/** Slots that one primary is to give to another. There is at least one slot, and the two are never the same. */
export interface SlotFlow {
  readonly source: ReachedNode;
  readonly target: ReachedNode;
  readonly slots: SlotSet;
}

export interface Moves {
  readonly intention: MoveIntention;
  /** In the order of the steps. No two have the same source and the same target. */
  readonly flows: readonly SlotFlow[];
  readonly mover: MoverRequest;
  /** Those of the planner, shown before the hazards of the moves themselves. */
  readonly hazards: readonly Hazard[];
}

/** A step for each flow. Refused as `not-joined` or `mover-unavailable`. */
export function planMoves(topology: Topology, { intention, flows, mover, hazards }: Moves): Planned {
  const refusals = [...refuseStrangers(topology, flows), ...refuseAtomic(flows, mover)];
  if (refusals.length > 0) return { ok: false, refusals };
  return {
    ok: true,
    plan: {
      version: 1,
      intention: formatMoveIntention(intention),
      basis: basisOf(topology),
      steps: flows.map((flow): MoveSlots => {
        const { source, target, slots } = flow;
        return {
          kind: 'move-slots',
          source: refTo(source),
          target: refTo(target),
          slots,
          mover: moverFor(flow, mover),
          estimate: null,
        };
      }),
      hazards: [...hazards, ...moveHazards(topology, flows), ...fallBackHazard(flows, mover)],
    },
  };
}
