/**
 * The one place that configures tables: heads in bold, two spaces between columns, no lines to get in the way of grep
 * and of copying. Widths follow the widest cell; on a terminal that is narrower than that, `fit.ts` says what is done.
 */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { formatSlots, type SlotSet } from '../model/slot-set.ts';
import { type Block, type FitColumn, fitColumns, foldWords } from './fit.ts';
import { paint, type Style } from './style.ts';

export interface Column {
  readonly head: string;
  /** Numbers read best on the `right`. Default: `left`. */
  readonly align?: 'left' | 'right';
  /** Says which row it is, also where the table is shown in blocks. Default: the first column does. */
  readonly isKey?: boolean;
  /** Sentences, which may be folded. Default: false. */
  readonly isProse?: boolean;
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

/**
 * The rows under their heads; cells may be coloured. No line has spaces at its end, and none is empty, but between the
 * blocks of a table that is too wide for the terminal.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  const { saidOnce, blocks } = fitColumns(
    columns.map((column, index) => measured(column, index, columns, rows)),
    style.width,
  );
  const facts = saidOnce.flatMap((index) => {
    const cell = stripVTControlCharacters(rows[0]?.[index] ?? '');
    return cell === '' ? [] : `${columns[index]?.head ?? ''} ${cell}`.trim();
  });
  return [
    blocks.map((block) => renderBlock(block, columns, rows, style)).join('\n\n'),
    ...(facts.length === 0 ? [] : foldWords(`In every row: ${facts.join(', ')}.`, style.width ?? Infinity)),
  ].join('\n');
}

function measured(
  column: Column,
  index: number,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): FitColumn {
  const cells = rows.map((row) => row[index] ?? '');
  const lines = [column.head, ...cells].flatMap((cell) => stripVTControlCharacters(cell).split('\n'));
  const [first = ''] = cells;
  return {
    width: Math.max(...lines.map(({ length }) => length)),
    same: cells.length > 1 && !first.includes('\n') && cells.every((cell) => cell === first) ? first : null,
    isKey: columns.some(({ isKey }) => isKey) ? column.isKey === true : index === 0,
    isProse: column.isProse === true,
  };
}

function renderBlock(
  { columns: shown, folded }: Block,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const table = new Table({
    head: shown.map((index) => paint(style, 'bold', columns[index]?.head ?? '')),
    colAligns: shown.map((index) => columns[index]?.align ?? 'left'),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  const cellOf = (row: readonly string[], index: number): string => {
    const width = folded.get(index);
    return width === undefined ? (row[index] ?? '') : foldWords(row[index] ?? '', width).join('\n');
  };
  for (const row of rows) table.push(shown.map((index) => cellOf(row, index)));
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
