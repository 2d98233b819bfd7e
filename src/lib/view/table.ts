/**
 * The one place that configures tables: heads in bold, two spaces between columns, no lines to get in the way of grep
 * and of copying. Widths follow the widest cell.
 */
import Table from 'cli-table3';
import { formatSlots, type SlotSet } from '../model/slot-set.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

export interface Column {
  readonly head: string;
  /** Numbers read best on the `right`. Default: `left`. */
  readonly align?: 'left' | 'right';
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/** The rows under their heads; cells may be coloured. No line has spaces at its end, and none is empty. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Pick<Style, 'color'>,
): string {
  const table = new Table({
    head: columns.map((column) => paint(style, 'bold', column.head)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** More ranges than this are only counted: the JSON has them all. */
const RANGES_PER_CELL_MAX = 4;

/** `0-99,200`, `0-9,20-29,40-49,60-69 and 3 more`. */
export function rangesInCell(slots: SlotSet): string {
  if (slots.length <= RANGES_PER_CELL_MAX) return formatSlots(slots);
  const more = slots.length - RANGES_PER_CELL_MAX;
  return `${formatSlots(slots.slice(0, RANGES_PER_CELL_MAX))} and ${more} more`;
}
