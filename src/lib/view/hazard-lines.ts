/** The hazards of a plan, below it, in the form of redis-cli's warnings. */
import type { Hazard } from '../plan/plan.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

/** `[WARNING] …`, a line each. */
export function hazardLines(hazards: readonly Hazard[], style: Pick<Style, 'color'>): readonly string[] {
  return hazards.map(({ message }) => paint(style, 'yellow', `[WARNING] ${message}`));
}
