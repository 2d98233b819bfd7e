/**
 * Plans for going on with an interrupted run and for going back, made from its plan and the cluster as it is now.
 *
 * Going back is always two plans. First every open slot is moved to its end, because only then all of its keys are in
 * one place; then the slots are moved back like any others. So clients find every key at every moment.
 */
import type { Finding } from '../check/finding.ts';
import { groupBy } from '../check/group.ts';
import { openSlotsOf } from '../check/open-slots.ts';
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { intersectSlots, slotSetOf, subtractSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, reachedNodes } from '../model/topology.ts';
import { basisOf, replicasIn } from './basis.ts';
import { refTo } from './node-ref.ts';
import type { MoveSlots, Plan, Planned } from './plan.ts';
import type { ShardMembers } from './remaining.ts';
import { remainingOf, shardMembers, slotsOnTheirWayBack } from './remaining.ts';

/** The rest of the plan's moves, with today's primaries of both shards. Without steps where all is done. */
export function planResume(plan: Plan, topology: Topology): Planned {
  const rests = movesOf(plan).map((move): Rest => {
    const [slot] = onTheirWayBack(move, plan, topology);
    if (slot === undefined) return restOf(move, plan, topology);
    return { refusal: `Slot ${slot} is on its way back to ${move.source.address}: go on with \`cluster undo\`.` };
  });
  return planned(`go on with: ${plan.intention}`, topology, rests);
}

/**
 * Moves what the plan's moves have left open to its end. Slots that an earlier `undo` has begun to move back go on that way: in
 * this plan where other slots are open as well, because a run is over only when nothing is open; else in {@link planUndo}.
 */
export function planFinishOpen(plan: Plan, topology: Topology): Planned {
  const open = openSlotsOf(topology);
  const moves = movesOf(plan).map((move) => ({ move, back: slotSetOf(onTheirWayBack(move, plan, topology)) }));
  const there = moves.map(({ move, back }) => restOf(narrowed(move, subtractSlots(open, back)), plan, topology));
  const isAny = there.some((each) => 'refusal' in each || each.step !== null);
  const back = isAny ? moves.map((each) => restOf(narrowed(reversed(each.move), each.back), plan, topology)) : [];
  return planned(`close what was left open by: ${plan.intention}`, topology, [...there, ...back]);
}

/** The way back of the moves that had begun, for a cluster without open slots. */
export function planUndo(plan: Plan, begun: ReadonlySet<number>, topology: Topology): Planned {
  const rests = plan.steps.flatMap((step, index) =>
    step.kind === 'move-slots' && begun.has(index) ? [restOf(reversed(step), plan, topology)] : [],
  );
  return planned(`undo: ${plan.intention}`, topology, rests);
}

/** Without a plan, as the cluster shows it: every open slot is moved from its owner to the node that imports it. */
export function planFinishSeen(topology: Topology): Planned {
  const marks = reachedNodes(topology).flatMap((node) => [
    ...node.entry.migrating.map(({ slot, peer }) => ({ slot, source: node, target: findNode(topology, peer) })),
    ...node.entry.importing.map(({ slot, peer }) => ({ slot, source: findNode(topology, peer), target: node })),
  ]);
  const open = marks.flatMap(({ slot, source, target }) => (source && target ? [{ slot, source, target }] : []));
  const pairs = groupBy(open, ({ source, target }) => `${source.id} ${target.id}`);
  const rests = [...pairs.values()].map((pair): Rest => {
    const [{ source, target }] = pair;
    const slots = slotSetOf(pair.map(({ slot }) => slot));
    const step: MoveSlots = { ...BLANK, source: refTo(source), target: refTo(target), slots };
    return rest(step, topology, shardMembers(topology, source.id), shardMembers(topology, target.id));
  });
  return planned('close the slots that are open', topology, rests);
}

type Rest = { readonly step: MoveSlots | null } | { readonly refusal: string };

const BLANK = { kind: 'move-slots', mover: 'key-wise', estimate: null } as const;

function movesOf(plan: Plan): readonly MoveSlots[] {
  return plan.steps.filter((step) => step.kind === 'move-slots');
}

function restOf(move: MoveSlots, plan: Plan, topology: Topology): Rest {
  return rest(move, topology, membersIn(plan.basis, move.source.id), membersIn(plan.basis, move.target.id));
}

function onTheirWayBack(move: MoveSlots, plan: Plan, topology: Topology): readonly number[] {
  const [sources, targets] = [membersIn(plan.basis, move.source.id), membersIn(plan.basis, move.target.id)];
  return slotsOnTheirWayBack(move, topology, sources, targets);
}

function rest(move: MoveSlots, topology: Topology, sources: ShardMembers, targets: ShardMembers): Rest {
  if (move.slots.length === 0) return { step: null };
  const left = remainingOf(move, topology, sources, targets);
  switch (left.state) {
    case 'done':
      return { step: null };
    case 'stuck':
      return {
        refusal: `The move from ${move.source.address} to ${move.target.address} cannot go on: ${left.reason}.`,
      };
    case 'closing':
      return { step: { ...move, target: refTo(left.target), slots: slotSetOf(left.slots), estimate: null } };
    case 'moving': {
      const { source, target } = left.remaining;
      // What is the target's already but still open somewhere is of this step too, or nobody would close it.
      const slots = slotSetOf([...left.remaining.slots, ...left.closing]);
      return { step: { ...move, source: refTo(source), target: refTo(target), slots, estimate: null } };
    }
  }
}

function planned(intention: string, topology: Topology, rests: readonly Rest[]): Planned {
  const refusals = rests.flatMap((each): readonly Finding[] =>
    'refusal' in each ? [{ rule: 'stuck', severity: 'error', message: each.refusal, nodeIds: [] }] : [],
  );
  if (refusals.length > 0) return { ok: false, refusals };
  const steps = rests.flatMap((each) => ('step' in each && each.step !== null ? [each.step] : []));
  return { ok: true, plan: { version: 1, intention, basis: basisOf(topology), steps, hazards: [] } };
}

function narrowed(move: MoveSlots, slots: SlotSet): MoveSlots {
  return { ...move, mover: 'key-wise', slots: intersectSlots(move.slots, slots) };
}

function reversed(move: MoveSlots): MoveSlots {
  return { ...move, source: move.target, target: move.source, estimate: null };
}

/** The primary and the replicas that it had when the plan with this basis was made. */
export function membersIn(basis: string, primaryId: NodeId): ShardMembers {
  return [primaryId, ...replicasIn(basis, primaryId)];
}
