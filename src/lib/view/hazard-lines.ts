/** The reasons to think twice, below every plan: in the form of the warnings that scripts look for. */
import type { Hazard } from '../plan/plan.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

/** `[WARNING] …`, a line each. */
export function hazardLines(hazards: readonly Hazard[], style: Pick<Style, 'color'>): readonly string[] {
  return hazards.map(({ message }) => paint(style, 'yellow', `[WARNING] ${message}`));
}
