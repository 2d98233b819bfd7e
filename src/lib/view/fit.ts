/**
 * How a table is shown on a terminal that is narrower than it is. Nothing is left out: columns that say the same in every
 * row are said once, prose is folded, and what is still too wide is shown in blocks below each other, each of which
 * begins with the columns that say which row it is.
 */
import { stripVTControlCharacters } from 'node:util';

export interface FitColumn {
  /** The columns of the terminal that its widest cell takes. */
  readonly width: number;
  /** What all of its cells say; null where they differ, or there is only one. */
  readonly same: string | null;
  /** Says which row it is: is in every block. */
  readonly isKey: boolean;
  /** Its cells may be folded between words. */
  readonly isProse: boolean;
}

export interface Fit {
  /** The numbers of the columns that are said once. */
  readonly saidOnce: readonly number[];
  readonly blocks: readonly Block[];
}

export interface Block {
  readonly columns: readonly number[];
  /** Columns whose cells are to be folded, and to which width. */
  readonly folded: ReadonlyMap<number, number>;
}

/** Between two columns. */
const GAP = 2;
/** Prose in less than this is worse than a block of its own. */
const PROSE_WIDTH_MIN = 24;

/** `width` null stands for a file or a pipe: one block, as wide as it is. */
export function fitColumns(columns: readonly FitColumn[], width: number | null): Fit {
  const all = columns.map((_, index) => index);
  if (width === null || totalWidth(columns, all) <= width) return { saidOnce: [], blocks: [whole(all)] };
  const { left, saidOnce } = withoutSame(columns, all, width);
  return { saidOnce, blocks: blocksOf(columns, left, width) };
}

/** From the right, as few as will do. */
function withoutSame(
  columns: readonly FitColumn[],
  all: readonly number[],
  width: number,
): { readonly left: readonly number[]; readonly saidOnce: readonly number[] } {
  let left = all;
  for (const index of [...all].reverse()) {
    if (totalWidth(columns, left) <= width) break;
    const column = columns[index];
    if (column && !column.isKey && column.same !== null) left = left.filter((other) => other !== index);
  }
  return { left, saidOnce: all.filter((index) => !left.includes(index)) };
}

function blocksOf(columns: readonly FitColumn[], left: readonly number[], width: number): readonly Block[] {
  const keys = left.filter((index) => columns[index]?.isKey);
  const blocks: Block[] = [];
  let current = keys;
  const close = (block: Block): void => {
    if (block.columns.length > keys.length) blocks.push(block);
    current = keys;
  };
  for (const index of left.filter((each) => !keys.includes(each))) {
    const isFitting = totalWidth(columns, [...current, index]) <= width;
    if (!isFitting && folding(columns, current, index, width) === null) close(whole(current));
    const folded = isFitting ? null : folding(columns, current, index, width);
    current = [...current, index];
    if (folded !== null) close({ columns: current, folded: new Map([[index, folded]]) });
  }
  close(whole(current));
  return blocks.length === 0 ? [whole(keys)] : blocks;
}

/** The width to which prose is folded behind these columns; null where it is none, or there is no room for it. */
function folding(
  columns: readonly FitColumn[],
  before: readonly number[],
  index: number,
  width: number,
): number | null {
  const column = columns[index];
  const room = width - totalWidth(columns, before) - GAP;
  return column?.isProse && column.width > room && room >= PROSE_WIDTH_MIN ? room : null;
}

function whole(columns: readonly number[]): Block {
  return { columns, folded: new Map() };
}

function totalWidth(columns: readonly FitColumn[], some: readonly number[]): number {
  return some.reduce((sum, index) => sum + (columns[index]?.width ?? 0), 0) + GAP * Math.max(0, some.length - 1);
}

/** The text in lines of at most `width`, broken between words; a word that is longer has a line of its own. */
export function foldWords(text: string, width: number): readonly string[] {
  return foldPieces(text.split(' '), ' ', width);
}

/** The pieces, which may be coloured, in lines of at most `width`, as many as go into each, with `joint` between them. */
export function foldPieces(pieces: readonly string[], joint: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const longer = lines.length === 0 ? piece : `${lines.at(-1)}${joint}${piece}`;
    if (lines.length > 0 && stripVTControlCharacters(longer).length <= width) lines[lines.length - 1] = longer;
    else lines.push(piece);
  }
  return lines;
}
