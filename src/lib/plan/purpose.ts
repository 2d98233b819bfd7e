/** What a plan is for: it decides how a run that was interrupted is gone on with, and whether there is a way back. */
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
  /** Slots are made whole; some may be moved to their end. */
  | 'fix'
  /** Keys come from another server. */
  | 'import';

/** By the steps that no plan for another purpose has. */
export function purposeOf(plan: Plan): Purpose {
  if (plan.steps.some(isFixStep)) return 'fix';
  if (plan.steps.some(({ kind }) => kind === 'import-keys')) return 'import';
  if (membershipOf(plan) !== null) return 'membership';
  return plan.steps.some(({ kind }) => kind === 'move-slots') ? 'move' : 'create';
}
