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
  const [was, is] = [withEstimates(saved, NOTHING_MEASURED), withEstimates(again, NOTHING_MEASURED)];
  const warned = new Set(was.hazards.map(({ message }) => message));
  const news = is.hazards.filter(({ message }) => !warned.has(message));
  const isSame = isDeepStrictEqual(stagesOf(was), stagesOf(is));
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

/**
 * The steps, with those in one order that do not depend on each other: the node that was asked comes first in a topology, and
 * another one may be asked this time.
 */
function stagesOf({ steps }: Plan): readonly (readonly string[])[] {
  const stages: { readonly kind: string; readonly texts: string[] }[] = [];
  for (const step of steps) {
    const text = JSON.stringify(withIds(step));
    const last = stages.at(-1);
    if (last?.kind === step.kind) last.texts.push(text);
    else stages.push({ kind: step.kind, texts: [text] });
  }
  return stages.map(({ texts }) => texts.sort());
}

/** Nodes by their ids, sets of them sorted, and fields too: a node has the address under which it was reached. */
function withIds(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withIds);
    return items.every((item) => typeof item === 'string') ? items.sort() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  if ('id' in value && 'address' in value) return value.id;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(fields.map(([field, inner]) => [field, withIds(inner)]));
}

const NOTHING_MEASURED = {
  keysInSlot: new Map(),
  bytesPerKey: new Map(),
  memory: new Map(),
  roundTripMs: 0,
  largeKeys: [],
};
