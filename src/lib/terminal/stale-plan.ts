/** Is a plan that was saved what would be planned now? Its basis does not show all that a planner looks at. */
import { isDeepStrictEqual } from 'node:util';
import { OpsError } from '../errors.ts';
import { withEstimates } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { stepLines } from '../view/plan.ts';

/**
 * Throws REFUSED with the difference where the steps are not the same, or where there is something to consent to that
 * nobody has seen. Estimates do not count, nor what follows from them alone.
 */
export function refuseOtherPlan(saved: Plan, again: Plan): void {
  const [was, is] = [unmeasured(saved), unmeasured(again)];
  const warned = new Set(was.hazards.map(({ message }) => message));
  const news = is.hazards.filter(({ message }) => !warned.has(message));
  const isSame = isDeepStrictEqual(byId(was.steps), byId(is.steps));
  if (isSame && news.length === 0) return;
  const [before, now] = [stepLines(was), stepLines(is)];
  const differences = [
    ...before.filter((line) => !now.includes(line)).map((line) => `No longer: ${line}.`),
    ...now.filter((line) => !before.includes(line)).map((line) => `Now: ${line}.`),
    ...news.map(({ message }) => `Now also: ${message}`),
  ];
  throw stalePlan(differences.length === 0 ? ['The same steps would be taken of other nodes.'] : differences);
}

/** `differences` are sentences. */
export function stalePlan(differences: readonly string[]): OpsError {
  const message = ['What is there now is planned for in another way than when the plan was made:', ...differences];
  return new OpsError('REFUSED', message.join('\n  '), { suggestions: ['Plan again from what is there now.'] });
}

/** Nodes by their ids: one that was asked has the address that was typed, and another one may be asked this time. */
function byId(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(byId);
  if (typeof value !== 'object' || value === null) return value;
  if ('id' in value && 'address' in value) return value.id;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, byId(inner)]));
}

/** As it would be read from a file. */
function unmeasured(plan: Plan): Plan {
  return JSON.parse(JSON.stringify(withEstimates(plan, NOTHING_MEASURED))) as Plan;
}

const NOTHING_MEASURED = {
  keysInSlot: new Map(),
  bytesPerKey: new Map(),
  memory: new Map(),
  roundTripMs: 0,
  largeKeys: [],
};
