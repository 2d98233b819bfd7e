/** Results as text and as JSON: the same facts. */
import { renderTable } from '../../src/lib/view/table.ts';
import type { Comparison, Series } from './benchmark.ts';
import type { Machine } from './machine.ts';
import { ratioOf, summarise, verdictOf } from './statistics.ts';

export interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly comparisons: readonly Comparison[];
  /** Why it could not measure; null where it could. */
  readonly failure: string | null;
}

const COLUMNS = [
  { head: 'what' },
  { head: 'ours: median (min-max)', align: 'right' },
  { head: 'beside: median (min-max)', align: 'right' },
  { head: 'ratio', align: 'right' },
  { head: 'aim', align: 'right' },
  { head: 'verdict' },
] as const;

export function renderText(machine: Machine, outcomes: readonly Outcome[]): string {
  const comparisons = outcomes.flatMap((outcome) => outcome.comparisons);
  const failures = outcomes.filter(({ failure }) => failure !== null);
  return [
    ...renderMachine(machine),
    '',
    renderTable(COLUMNS, comparisons.map(renderRow), { color: false, width: null }),
    '',
    'Every figure, in the order of the rounds:',
    ...comparisons.flatMap(renderSamples),
    ...failures.map(({ name, failure }) => `\n${name} could not be measured: ${failure}`),
    '',
  ].join('\n');
}

export function renderJson(machine: Machine, outcomes: readonly Outcome[]): string {
  const benchmarks = outcomes.map((outcome) => ({
    ...outcome,
    comparisons: outcome.comparisons.map((comparison) => ({
      ...comparison,
      ours: withSummary(comparison.ours),
      beside: withSummary(comparison.beside),
      also: comparison.also.map(withSummary),
      ratio: ratioOf(comparison),
      verdict: verdictOf(comparison),
    })),
  }));
  return `${JSON.stringify({ version: 1, machine, benchmarks }, null, 2)}\n`;
}

function renderMachine({ cores, processor, memoryGiB, load, node, server, beside }: Machine): readonly string[] {
  return [
    `machine: ${cores} cores (${processor}), ${memoryGiB} GiB, load ${load.toFixed(1)} beforehand`,
    `node ${node}, ${server}, ${beside}`,
    'Side by side in one run. Ratio: median of ours / median of the other; the aim is the most it should be.',
  ];
}

function renderRow(comparison: Comparison): readonly string[] {
  const { what, ours, beside, ratioMax } = comparison;
  const aim = ratioMax === null ? '' : `<= ${ratioMax.toFixed(2)}`;
  const verdict = verdictOf(comparison);
  return [
    what,
    renderSummary(ours),
    renderSummary(beside),
    ratioOf(comparison).toFixed(2),
    aim,
    verdict === 'no aim' ? '' : verdict,
  ];
}

function renderSummary({ samplesMs }: Series): string {
  const { median, min, max } = summarise(samplesMs);
  return `${ms(median)} (${ms(min)}-${ms(max)}) ms`;
}

function renderSamples({ what, ours, beside, also, notes }: Comparison): readonly string[] {
  const series = [ours, beside, ...also].map(({ label, samplesMs }) => `  ${label}: ${samplesMs.map(ms).join(' ')} ms`);
  return [what, ...series, ...notes.map((note) => `  ${note}`)];
}

function withSummary(series: Series): object {
  return { ...series, ...summarise(series.samplesMs) };
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
