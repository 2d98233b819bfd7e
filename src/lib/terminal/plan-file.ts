/** A plan that was saved: read, and looked at closely before anything is done with it. */
import { readFileSync } from 'node:fs';
import { OpsError } from '../errors.ts';
import { isNodeId } from '../model/node.ts';
import type { SlotRange, SlotSet } from '../model/slot-set.ts';
import { eachSlot, intersectSlots, isSlot, slotSet, unionSlots } from '../model/slot-set.ts';
import type { Hazard, MoveEstimate, MoveSlots, NodeRef, Plan, Step, StepKind } from '../plan/plan.ts';

/** Throws USAGE where the file is not a plan of this version that moves slots, or that makes a cluster. */
export function readPlan(file: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new OpsError('USAGE', `The plan ${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  const problem = problemOf(value);
  if (problem === null) return value as Plan;
  throw new OpsError('USAGE', `The file ${file} is not a plan that can be applied: ${problem}.`, {
    suggestions: ['Save one with --plan-out, for example: cluster reshard HOST:PORT … --dry-run --plan-out plan.json'],
  });
}

function problemOf(value: unknown): string | null {
  if (!isObject(value)) return 'it is not a JSON object';
  if (value['version'] !== 1) return `its version is ${JSON.stringify(value['version'])}, not 1`;
  if (typeof value['intention'] !== 'string' || typeof value['basis'] !== 'string')
    return 'it has no intention or no basis';
  if (!Array.isArray(value['hazards']) || !Array.isArray(value['steps'])) return 'it has no steps or no hazards';
  if (!value['hazards'].every(isHazard)) return 'a hazard is not a name and a message';
  const steps: readonly unknown[] = value['steps'];
  for (const [index, step] of steps.entries()) {
    const problem = problemOfStep(step);
    if (problem !== null) return `step ${index + 1} ${problem}`;
  }
  const known = steps as readonly Step[];
  const moves = known.filter((step) => step.kind === 'move-slots');
  if (moves.length > 0 && moves.length < known.length) return 'some of its steps move slots, and others make a cluster';
  return problemOfMoves(moves);
}

/** What `apply` does. All else is planned again by the command that does it, from what is there then. */
const CHECKS: Readonly<Partial<Record<StepKind, (step: Record<string, unknown>) => boolean>>> = {
  'move-slots': isMove,
  'set-epoch': ({ node, epoch }) => isRef(node) && Number.isSafeInteger(epoch) && Number(epoch) > 0,
  'add-slots': ({ node, slots }) => isRef(node) && isSlots(slots),
  join: ({ nodes }) => Array.isArray(nodes) && nodes.length > 0 && nodes.every(isRef),
  replicate: ({ node, primary }) => isRef(node) && isRef(primary),
};

function problemOfStep(step: unknown): string | null {
  if (!isObject(step)) return 'is not an object';
  const kind = String(step['kind']);
  const check = Object.hasOwn(CHECKS, kind) ? CHECKS[kind as StepKind] : undefined;
  if (check === undefined) return `is "${kind}", which is for the command that planned it: type that again`;
  return check(step) ? null : `is not a whole "${kind}"`;
}

function problemOfMoves(moves: readonly MoveSlots[]): string | null {
  const circle = moves.findIndex(({ source, target }) => source.id === target.id);
  if (circle !== -1) return `step ${circle + 1} moves slots to the node that has them`;
  let seen: SlotSet = [];
  for (const [index, { slots }] of moves.entries()) {
    const [again] = eachSlot(intersectSlots(seen, slots));
    if (again !== undefined) return `step ${index + 1} moves slot ${again}, which an earlier step moves`;
    seen = unionSlots(seen, slots);
  }
  return null;
}

function isMove({ source, target, slots, mover, estimate }: Record<string, unknown>): boolean {
  if (!isRef(source) || !isRef(target) || !isSlots(slots)) return false;
  return (mover === 'key-wise' || mover === 'atomic') && (estimate === null || isEstimate(estimate));
}

/** Canonical, and not empty. */
function isSlots(slots: unknown): slots is SlotSet {
  if (!Array.isArray(slots) || slots.length === 0 || !slots.every(isRange)) return false;
  return JSON.stringify(slotSet(slots)) === JSON.stringify(slots);
}

function isEstimate(value: unknown): value is MoveEstimate {
  return isObject(value) && ['keys', 'bytes', 'durationMs'].every((field) => typeof value[field] === 'number');
}

function isHazard(value: unknown): value is Hazard {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['message'] === 'string';
}

function isRef(value: unknown): value is NodeRef {
  return (
    isObject(value) && typeof value['id'] === 'string' && isNodeId(value['id']) && typeof value['address'] === 'string'
  );
}

function isRange(value: unknown): value is SlotRange {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last] = value as unknown[];
  return typeof first === 'number' && typeof last === 'number' && isSlot(first) && isSlot(last) && first <= last;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
