/** What is a plan for? That decides how an interrupted run is continued, and whether it can be taken back. */
import { membershipOf } from './membership.ts';
import type { Plan } from './plan.ts';
import { isFixStep } from './simulate-fix.ts';

export type Purpose =
  /** Empty nodes become a cluster, or what was left of that is cleared away. */
  | 'create'
  /** Slots go from some shards to others. */
  | 'move'
  /** Nodes join or leave; slots may move as well. */
  | 'membership'
  /** Slots are made whole; some moves may be finished. */
  | 'fix'
  /** Keys come from another server. */
  | 'import';

/** Told by steps that only plans for this purpose have. */
export function purposeOf(plan: Plan): Purpose {
  if (plan.steps.some(isFixStep)) return 'fix';
  if (plan.steps.some(({ kind }) => kind === 'import-keys')) return 'import';
  if (membershipOf(plan) !== null) return 'membership';
  return plan.steps.some(({ kind }) => kind === 'move-slots') ? 'move' : 'create';
}
