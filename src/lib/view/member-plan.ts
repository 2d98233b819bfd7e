/** What a plan that adds or removes nodes will do, for the person who has to consent: headings of redis-cli, steps, moves. */
import type { Topology } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import { renderMovePlan } from './move-plan.ts';
import { stepLines } from './plan.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

/** The text, without a line feed at its end. `headings` are shown first; steps are numbered in their order. */
export function renderMemberPlan(
  plan: Plan,
  topology: Topology,
  headings: readonly string[],
  style: Pick<Style, 'color'>,
): string {
  const sentences = stepLines(plan);
  const moves = plan.steps.filter(({ kind }) => kind === 'move-slots');
  const table = moves.length === 0 ? [] : [renderMovePlan({ ...plan, steps: moves, hazards: [] }, topology, style)];
  return [
    ...headings.map((heading) => paint(style, 'bold', heading)),
    ...sentences.map((sentence, index) => `${`${index + 1}`.padStart(3)}. ${sentence}`),
    ...table,
    ...plan.hazards.map(({ message }) => paint(style, 'yellow', `[WARNING] ${message}`)),
  ].join('\n');
}
