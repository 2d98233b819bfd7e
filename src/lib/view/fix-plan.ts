/**
 * What a fix will do, for the person who has to consent: redis-cli's lines first, then a table of what becomes of which
 * slots and why, then what is at stake.
 */
import { countInWords, listInWords, slotsInWords } from '../check/words.ts';
import type { SharedKey } from '../model/slot-evidence.ts';
import { countSlots, eachSlot, formatSlots, type SlotSet, unionSlots } from '../model/slot-set.ts';
import type { Repair, RepairKind } from '../plan/fix.ts';
import type { Plan } from '../plan/plan.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import type { Column } from './table.ts';
import { rangesInCell, renderTable } from './table.ts';
import { formatCount } from './units.ts';

export interface FixPlanText {
  readonly plan: Plan;
  readonly repairs: readonly Repair[];
  readonly shared: readonly SharedKey[];
}

/** The text, without a line feed at its end. */
export function renderFixPlan({ plan, repairs, shared }: FixPlanText, style: Style): string {
  const hazards = hazardLines(plan.hazards, style);
  if (plan.steps.length === 0)
    return [hazards.length === 0 ? 'Nothing to do: every slot is whole.' : 'Nothing to do now.', ...hazards].join('\n');
  const open = unionSlots(
    ...repairs.filter(({ kind, isOpen }) => isOpen || kind !== 'cover').map(({ slots }) => slots),
  );
  const covered = repairs.filter(({ kind }) => kind === 'cover');
  return [
    ...slotLines('>>> Fixing open slot', open).map((line) => paint(style, 'bold', line)),
    ...(covered.length === 0 ? [] : [paint(style, 'bold', '>>> Fixing slots coverage...')]),
    ...covered.flatMap(({ slots, end }) =>
      slotLines('>>> Covering slot', slots).map((line) => `${line} with ${end.address}`),
    ),
    ...plan.steps.flatMap((step) =>
      step.kind === 'join'
        ? [
            `>>> Introducing nodes that do not know each other: ${listInWords(step.nodes.map(({ address }) => address))}`,
          ]
        : [],
    ),
    ...(repairs.length === 0 ? [] : [repairTable(repairs, style)]),
    ...sharedLines(shared),
    ...hazards,
  ].join('\n');
}

/** More slots than this are printed as ranges. */
const SLOT_LINES_MAX = 20;

/** `>>> Fixing open slot 7` for each, or `>>> Fixing open slots 0-99,200`. */
function slotLines(words: string, slots: SlotSet): readonly string[] {
  if (countSlots(slots) > SLOT_LINES_MAX) return [`${words}s ${formatSlots(slots)}`];
  return [...eachSlot(slots)].map((slot) => `${words} ${slot}`);
}

const COLUMNS: readonly Column[] = [
  { head: 'slots' },
  { head: 'count', align: 'right' },
  { head: 'what' },
  { head: 'owner' },
  { head: 'keys from' },
  { head: 'keys', align: 'right' },
  { head: 'on both', align: 'right' },
  { head: 'because', isProse: true },
];

const WORDS: Readonly<Record<RepairKind, string>> = {
  close: 'close',
  finish: 'finish the move',
  gather: 'gather its keys',
  cover: 'give an owner',
  settle: 'settle on one owner',
};

function repairTable(repairs: readonly Repair[], style: Style): string {
  const rows = repairs.map(({ slots, kind, owner, end, sources, why, keys, shared }) => [
    rangesInCell(slots),
    formatCount(countSlots(slots)),
    WORDS[kind],
    owner === null || owner.id === end.id ? end.address : `${owner.address} to ${end.address}`,
    sources.map(({ address }) => address).join(', ') || '-',
    formatCount(keys),
    formatCount(shared),
    why,
  ]);
  return renderTable(COLUMNS, rows, style);
}

const KEYS_SHOWN_MAX = 5;

function sharedLines(shared: readonly SharedKey[]): readonly string[] {
  if (shared.length === 0) return [];
  const names = shared
    .slice(0, KEYS_SHOWN_MAX)
    .map(({ key }) => JSON.stringify(Buffer.from(key, 'base64').toString('latin1')));
  const more = shared.length > KEYS_SHOWN_MAX ? ` and ${formatCount(shared.length - KEYS_SHOWN_MAX)} more` : '';
  return [
    `${countInWords(shared.length, 'key')} on more than one node: ${names.join(', ')}${more}. Of equal values one stays; none is overwritten by a different one.`,
  ];
}

/** What was left to the operator, and how to say it: `left` are the slots, `keys` how many have two values. */
export function renderLeft(left: SlotSet, keys: number, seed: string, style: Style): string {
  const text = `[WARNING] ${countInWords(keys, 'key')} of ${slotsInWords(left)} with two values: both are left where they are, and so is the slot.`;
  return [
    paint(style, 'yellow', text),
    `    Say which value stays: cluster fix ${seed} --on-conflict ask (on a terminal), or source, or target.`,
  ].join('\n');
}
