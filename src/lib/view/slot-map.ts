/**
 * All slots at a glance: each cell is 32 neighbouring slots, shown by the letter and colour of the primary that has
 * most of them. `!` is a cell with uncovered slots and `*` one with open slots, however few. Readable without colour.
 */
import { coveredSlots } from '../check/coverage.ts';
import { openSlotsOf } from '../check/open-slots.ts';
import { nameOf, slotsInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { ALL_SLOTS, eachSlot, SLOT_COUNT, type SlotSet, subtractSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { primariesOf } from '../model/topology.ts';
import { foldPieces } from './fit.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

const SLOTS_PER_CELL = 32;
const CELL_COUNT = SLOT_COUNT / SLOTS_PER_CELL;
const LINE_NUMBER_WIDTH = 6;
/** Of a file or a pipe. */
const WIDTH_ELSEWHERE = 100;

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
const COLORS = ['cyan', 'green', 'magenta', 'blue', 'yellow', 'cyanBright', 'greenBright', 'magentaBright'] as const;
const UNCOVERED = '!';
const OPEN = '*';

export interface SlotMap {
  /** Of 32, 64 or 128 cells each, as many as the width allows, behind the number of their first slot. */
  readonly lines: readonly string[];
  /** Which slots are open, and which uncovered: a line each, none where all is well. */
  readonly troubles: readonly string[];
  /** Whose letter is whose, in the order of their slots, on as few lines as the width allows. */
  readonly legend: readonly string[];
  /** Painted as in the map. With more than 62 primaries letters are used again, in the order of the slots. */
  readonly letters: ReadonlyMap<NodeId, string>;
}

export function slotMap(topology: Topology, style: Style): SlotMap {
  const owners = ownersInSlotOrder(topology);
  const cells = cellsOf(topology, owners);
  const width = style.width ?? WIDTH_ELSEWHERE;
  const cellsPerLine = [128, 64].find((count) => LINE_NUMBER_WIDTH + count <= width) ?? 32;
  const lines: string[] = [];
  for (let first = 0; first < CELL_COUNT; first += cellsPerLine) {
    const number = `${first * SLOTS_PER_CELL}`.padStart(LINE_NUMBER_WIDTH - 1);
    lines.push(`${number} ${paintCells(cells.slice(first, first + cellsPerLine), style)}`);
  }
  const letters = new Map(owners.map(({ id }, index) => [id, paintCell(index, 1, style)]));
  const legend = owners.map((node) => `${letters.get(node.id)} ${nameOf(node)}`);
  return { lines, troubles: troubles(topology, style), legend: foldPieces(legend, '  ', width), letters };
}

/** A cell by the number of its owner among the owners, or what is wrong with it. */
type Cell = number | typeof UNCOVERED | typeof OPEN;

function ownersInSlotOrder(topology: Topology): readonly TopologyNode[] {
  const firstSlot = (node: TopologyNode): number => node.entry.slots[0]?.[0] ?? SLOT_COUNT;
  return primariesOf(topology)
    .filter((node) => node.entry.slots.length > 0)
    .sort((a, b) => firstSlot(a) - firstSlot(b));
}

function cellsOf(topology: Topology, owners: readonly TopologyNode[]): readonly Cell[] {
  const counts = Array.from({ length: CELL_COUNT }, () => new Map<number, number>());
  for (const [owner, node] of owners.entries()) {
    for (const slot of eachSlot(node.entry.slots)) {
      const count = counts[cellOf(slot)];
      count?.set(owner, (count.get(owner) ?? 0) + 1);
    }
  }
  const cells = counts.map((count): Cell => [...count].sort((a, b) => b[1] - a[1])[0]?.[0] ?? UNCOVERED);
  for (const slot of eachSlot(openSlotsOf(topology))) cells[cellOf(slot)] = OPEN;
  for (const slot of eachSlot(uncoveredSlots(topology))) cells[cellOf(slot)] = UNCOVERED;
  return cells;
}

function cellOf(slot: number): number {
  return Math.floor(slot / SLOTS_PER_CELL);
}

function uncoveredSlots(topology: Topology): SlotSet {
  return subtractSlots(ALL_SLOTS, coveredSlots(topology));
}

/** Neighbours that look the same are painted at once. */
function paintCells(cells: readonly Cell[], style: Style): string {
  let text = '';
  for (let from = 0; from < cells.length; ) {
    const cell = cells[from] ?? UNCOVERED;
    let to = from;
    while (to < cells.length && cells[to] === cell) to++;
    text += paintCell(cell, to - from, style);
    from = to;
  }
  return text;
}

function paintCell(cell: Cell, count: number, style: Style): string {
  if (cell === UNCOVERED) return paint(style, ['bgRed', 'whiteBright'], UNCOVERED.repeat(count));
  if (cell === OPEN) return paint(style, ['bgYellow', 'black'], OPEN.repeat(count));
  const letter = LETTERS[cell % LETTERS.length] ?? '?';
  return paint(style, COLORS[cell % COLORS.length] ?? 'white', letter.repeat(count));
}

function troubles(topology: Topology, style: Style): readonly string[] {
  const open = openSlotsOf(topology);
  const uncovered = uncoveredSlots(topology);
  return [
    ...(open.length === 0 ? [] : [`${paintCell(OPEN, 1, style)} open: ${slotsInWords(open)}`]),
    ...(uncovered.length === 0 ? [] : [`${paintCell(UNCOVERED, 1, style)} uncovered: ${slotsInWords(uncovered)}`]),
  ];
}
