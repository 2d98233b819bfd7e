/**
 * What a plan that moves slots will do, for the person who has to consent. First the lines of redis-cli, to the letter
 * (7.0 to 8.0, and valkey-cli 9.1 for many slots); then a table of the moves; then the hazards.
 */
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, eachSlot, unionSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import type { MoveIntention } from '../plan/move-intention.ts';
import { parseMoveIntention } from '../plan/move-intention.ts';
import type { MoveSlots, Plan } from '../plan/plan.ts';
import { nodeLines } from './classic.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import type { Column } from './table.ts';
import { rangesInCell, renderTable } from './table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/**
 * The text, without a line feed at its end. `topology` is what the plan was made from. A plan of any other intention,
 * such as the rest of an interrupted one, has the table only.
 */
export function renderMovePlan(plan: Plan, topology: Topology, style: Style): string {
  const moves = plan.steps.filter((step): step is MoveSlots => step.kind === 'move-slots');
  const intention = parseMoveIntention(plan.intention);
  return [
    ...(moves.length === 0 ? nothingLines(intention, style) : []),
    ...(moves.length > 0 && intention?.kind === 'reshard' ? reshardLines(moves, topology) : []),
    ...(moves.length > 0 && intention?.kind === 'rebalance' ? rebalanceLines(moves, intention, style) : []),
    ...(moves.length > 0 ? [moveTable(moves, style)] : []),
    ...hazardLines(plan.hazards, style),
  ].join('\n');
}

function nothingLines(intention: MoveIntention | null, style: Style): readonly string[] {
  if (intention?.kind !== 'rebalance') return ['Nothing to do: the slots are where they should be.'];
  const threshold = intention.thresholdPercent.toFixed(2);
  return [paint(style, 'yellow', `*** No rebalancing needed! All nodes are within the ${threshold}% threshold.`)];
}

/** More slots of one source than this are printed as ranges. */
const SLOT_LINES_PER_SOURCE_MAX = 20;

function reshardLines(moves: readonly MoveSlots[], topology: Topology): readonly string[] {
  const sources = new Map<NodeId, SlotSet>();
  for (const { source, slots } of moves) sources.set(source.id, unionSlots(sources.get(source.id) ?? [], slots));
  const targets = new Set(moves.map(({ target }) => target.id));
  const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `    ${line}`);
  return [
    '',
    `Ready to move ${countSlots(unionSlots(...sources.values()))} slots.`,
    '  Source nodes:',
    ...indented(nodeLines(topology, new Set(sources.keys()))),
    targets.size === 1 ? '  Destination node:' : '  Destination nodes:',
    ...indented(nodeLines(topology, targets)),
    '  Resharding plan:',
    ...[...sources].flatMap(([id, slots]) => slotLines(id, slots)),
  ];
}

function slotLines(id: NodeId, slots: SlotSet): readonly string[] {
  if (countSlots(slots) <= SLOT_LINES_PER_SOURCE_MAX)
    return [...eachSlot(slots)].map((slot) => `    Moving slot ${slot} from ${id}`);
  return [`    Moving slot range ${slots.map(([first, last]) => `${first}-${last}`).join(' ')} from ${id}`];
}

function rebalanceLines(
  moves: readonly MoveSlots[],
  { nodes, totalWeight }: Extract<MoveIntention, { readonly kind: 'rebalance' }>,
  style: Style,
): readonly string[] {
  return [
    paint(style, 'bold', `>>> Rebalancing across ${nodes} nodes. Total weight = ${totalWeight.toFixed(2)}`),
    ...moves.map(
      ({ source, target, slots }) => `Moving ${countSlots(slots)} slots from ${source.address} to ${target.address}`,
    ),
  ];
}

const COLUMNS: readonly Column[] = [
  { head: 'source', isKey: true },
  { head: 'target', isKey: true },
  { head: 'slots', align: 'right' },
  { head: 'ranges' },
  { head: 'keys', align: 'right' },
  { head: 'size', align: 'right' },
  { head: 'mover' },
  { head: 'expected', align: 'right' },
];

/** A dash is what was not measured. */
function moveTable(moves: readonly MoveSlots[], style: Style): string {
  const rows = moves.map(({ source, target, slots, mover, estimate }) => [
    source.address,
    target.address,
    formatCount(countSlots(slots)),
    rangesInCell(slots),
    estimate === null ? '-' : formatCount(estimate.keys),
    estimate === null ? '-' : formatBytes(estimate.bytes),
    mover,
    estimate === null ? '-' : formatDuration(estimate.durationMs),
  ]);
  return renderTable(COLUMNS, rows, style);
}
