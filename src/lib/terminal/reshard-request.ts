/** What the operator wants of a reshard: from the flags, and on a terminal from the operator's answers to the rest. */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import { countSlots, parseSlots, SLOT_COUNT, type SlotSet } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { primariesOf } from '../model/topology.ts';
import type { ReshardAmount, ReshardRequest } from '../plan/reshard.ts';
import { askWord, orInterrupted } from './consent.ts';

export interface ReshardFlags {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly slots?: string | undefined;
  readonly ranges?: string | undefined;
  readonly mover: ReshardRequest['mover'];
}

/** Throws USAGE naming what is missing where nobody can be asked. */
export async function readReshardRequest(
  flags: ReshardFlags,
  topology: Topology,
  isJson: boolean,
): Promise<ReshardRequest> {
  const complete = await completed(flags, topology, isJson);
  const amount = readAmount(complete);
  const from =
    complete.from === undefined ? {} : { from: complete.from === 'all' ? ('all' as const) : namesIn(complete.from) };
  return { ...from, to: namesIn(complete.to ?? ''), amount, mover: flags.mover };
}

async function completed(flags: ReshardFlags, topology: Topology, isJson: boolean): Promise<ReshardFlags> {
  const isAmountKnown = flags.slots !== undefined || flags.ranges !== undefined;
  const isSourceKnown = flags.from !== undefined || flags.ranges !== undefined;
  if (isAmountKnown && isSourceKnown && flags.to !== undefined) return flags;
  if (process.stdin.isTTY && !isJson) return interview(flags, topology);
  const answered = isJson ? null : await pipedInterview(flags, isAmountKnown, isSourceKnown);
  if (answered !== null) return answered;
  const missing = [
    ...(isSourceKnown ? [] : ['--from']),
    ...(flags.to === undefined ? ['--to'] : []),
    ...(isAmountKnown ? [] : ['--slots or --ranges']),
  ];
  throw new OpsError('USAGE', `Nobody can be asked, so what to move must be said: ${missing.join(', ')} is missing.`, {
    suggestions: ['For example: --from all --to 127.0.0.1:7003 --slots 1000'],
  });
}

/**
 * redis-cli's questions, in its words and order, answered by what is piped in; null where that ends too early. Only what
 * is not said is asked for.
 */
async function pipedInterview(
  flags: ReshardFlags,
  isAmountKnown: boolean,
  isSourceKnown: boolean,
): Promise<ReshardFlags | null> {
  const slots = isAmountKnown ? flags.slots : await askWord('How many slots do you want to move (from 1 to 16384)? ');
  if (slots === null) return null;
  const to = flags.to ?? (await askWord('What is the receiving node ID? '));
  if (to === null) return null;
  const from = isSourceKnown ? flags.from : await askSources();
  return from === null ? null : { ...flags, slots, to, from };
}

/** `all`, or the ids up to `done`. */
async function askSources(): Promise<string | null> {
  process.stderr.write(
    "Please enter all the source node IDs.\n  Type 'all' to use all the nodes as source nodes for the hash slots.\n  Type 'done' once you entered all the source nodes IDs.\n",
  );
  const ids: string[] = [];
  for (;;) {
    const answer = await askWord(`Source node #${ids.length + 1}: `);
    if (answer === null || answer === 'all') return answer;
    if (answer === 'done') return ids.join(',');
    ids.push(answer);
  }
}

/** Nodes are picked from a list, never typed. */
async function interview(flags: ReshardFlags, topology: Topology): Promise<ReshardFlags> {
  const { default: inquirer } = await import('inquirer');
  const primaries = primariesOf(topology);
  const choices = primaries.map(({ id, address, entry }) => ({
    name: `${formatAddress(address)}  ${countSlots(entry.slots)} slots`,
    value: id as string,
  }));
  return orInterrupted(async () => {
    const { to } =
      flags.to === undefined
        ? await inquirer.prompt([{ type: 'select', name: 'to', message: 'Which node receives?', choices }])
        : flags;
    const { from } =
      flags.from === undefined && flags.ranges === undefined
        ? await inquirer.prompt([
            {
              type: 'checkbox',
              name: 'from',
              message: 'Which nodes give? (none: all others)',
              choices: choices.filter(({ value }) => value !== to),
            },
          ])
        : flags;
    const { slots } =
      flags.slots === undefined && flags.ranges === undefined
        ? await inquirer.prompt([
            {
              type: 'input',
              name: 'slots',
              message: 'How many slots do you want to move (from 1 to 16384, or all)?',
              validate: (text: string) => slotCountOf(text) !== null || 'A number from 1 to 16384, or all.',
            },
          ])
        : flags;
    const sources = Array.isArray(from) ? (from.length === 0 ? 'all' : from.join(',')) : from;
    return { ...flags, to, from: sources, slots };
  });
}

function readAmount({ slots, ranges }: ReshardFlags): ReshardAmount {
  if (ranges !== undefined) return { kind: 'ranges', slots: parseSlotRanges(ranges) };
  const count = parseSlotCount(slots ?? '');
  return count === 'all' ? { kind: 'all' } : { kind: 'count', slots: count };
}

/** How many slots, or all that there are. Throws USAGE. */
export function parseSlotCount(text: string): number | 'all' {
  const count = slotCountOf(text);
  if (count !== null) return count;
  throw new OpsError('USAGE', `--slots takes a number from 1 to ${SLOT_COUNT}, or all, not "${text}".`);
}

function slotCountOf(text: string): number | 'all' | null {
  const word = text.trim();
  if (word === 'all') return 'all';
  const count = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  return count >= 1 && count <= SLOT_COUNT ? count : null;
}

/** Throws USAGE. */
export function parseSlotRanges(text: string): SlotSet {
  const set = parseSlots(text);
  if (set !== null && set.length > 0) return set;
  throw new OpsError('USAGE', `--ranges takes slots from 0 to ${SLOT_COUNT - 1} such as 0-99,500, not "${text}".`);
}

function namesIn(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '');
}
