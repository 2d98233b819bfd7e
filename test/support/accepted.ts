/** The plan that a test is about: planners return it, or refusals. */
import type { Finding } from '../../src/lib/check/finding.ts';

/** The plan. Throws with every reason where it is refused. */
export function accepted<SomePlan>(
  planned:
    | { readonly ok: true; readonly plan: SomePlan }
    | { readonly ok: false; readonly refusals: readonly Finding[] },
): SomePlan {
  if (planned.ok) return planned.plan;
  throw new Error(`refused: ${planned.refusals.map(({ message }) => message).join('\n')}`);
}
