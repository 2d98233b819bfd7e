/** What is said of a series: its middle and its ends. With so few rounds, anything more would claim too much. */
import { present } from '../../src/lib/assert.ts';
import type { Comparison } from './benchmark.ts';

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** `met` and `missed` speak of an aim; without one there is nothing to say. */
export type Verdict = 'met' | 'missed' | 'no aim';

/** Of at least one figure; the median of an even number is the mean of the two in the middle. */
export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number): number => present(sorted[index], 'a series has at least one figure');
  const last = sorted.length - 1;
  return { median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, min: at(0), max: at(last) };
}

/** Median of ours / median of the other: below 1 we are faster. */
export function ratioOf({ ours, beside }: Comparison): number {
  return summarise(ours.samplesMs).median / summarise(beside.samplesMs).median;
}

/** Judged by the exact ratio, not by the one that is printed. */
export function verdictOf(comparison: Comparison): Verdict {
  if (comparison.ratioMax === null) return 'no aim';
  return ratioOf(comparison) <= comparison.ratioMax ? 'met' : 'missed';
}
