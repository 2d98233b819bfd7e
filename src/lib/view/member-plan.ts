/** A plan that adds or removes nodes, for the person who has to consent: redis-cli's headings, then steps, then moves. */
import { countInWords } from '../check/words.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import { hazardLines } from './hazard-lines.ts';
import { renderMovePlan } from './move-plan.ts';
import { stepLines } from './plan.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

/** The text, without a line feed at its end. `headings` are shown first; steps are numbered in their order. */
export function renderMemberPlan(plan: Plan, topology: Topology, headings: readonly string[], style: Style): string {
  const sentences = withMovesAsOne(plan);
  const moves = plan.steps.filter(({ kind }) => kind === 'move-slots');
  const table = moves.length === 0 ? [] : [renderMovePlan({ ...plan, steps: moves, hazards: [] }, topology, style)];
  return [
    ...headings.map((heading) => paint(style, 'bold', heading)),
    ...sentences.map((sentence, index) => `${`${index + 1}`.padStart(3)}. ${sentence}`),
    ...table,
    ...hazardLines(plan.hazards, style),
  ].join('\n');
}

/** The sentences of all steps, those of moves as one: the table has them one by one. */
function withMovesAsOne(plan: Plan): readonly string[] {
  const moves = plan.steps.filter((step) => step.kind === 'move-slots');
  const slots = moves.reduce((sum, step) => sum + countSlots(step.slots), 0);
  const [first] = moves;
  return stepLines(plan).flatMap((sentence, index) => {
    const step = plan.steps[index];
    if (step?.kind !== 'move-slots') return [sentence];
    return step === first ? [`Move ${countInWords(slots, 'slot')}, see below`] : [];
  });
}
