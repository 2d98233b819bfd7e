/**
 * The file of `create --topology`: which node is in which shard, said by the operator instead of computed.
 *
 *   shards:
 *     - primary: 10.0.0.1:7000
 *       replicas: [10.0.0.2:7000]
 *       slots: 0-8191
 */
import { isObject } from '../json.ts';
import type { Address } from '../model/address.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { ALL_SLOTS, formatSlots, intersectSlots, parseSlots, subtractSlots, unionSlots } from '../model/slot-set.ts';

interface LayoutShard {
  readonly primary: Address;
  readonly replicas: readonly Address[];
  /** Absent in all shards where the slots are to be shared out evenly. */
  readonly slots?: SlotSet;
}

/** At least one shard, and no node twice. Either no shard names slots, or every slot is in exactly one. */
export type Layout = readonly LayoutShard[];

export type ParsedLayout =
  | { readonly ok: true; readonly layout: Layout }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads a decoded YAML or JSON document. All problems are found at once, one sentence each, with their places. */
export function parseLayout(value: unknown): ParsedLayout {
  const problems: string[] = [];
  const document = readObject(value, 'The file', ['shards'], problems);
  const shards = document === null ? null : readList(document['shards'], 'shards', problems);
  const layout = (shards ?? []).flatMap((shard, index) => readShard(shard, `shards[${index}]`, problems));
  if (shards?.length === 0) problems.push('shards is empty: a cluster has at least one shard.');
  // All shards are compared only when each could be read: otherwise what is missing would be reported as a problem, too.
  if (problems.length === 0) problems.push(...repeatedNodes(layout), ...slotProblems(layout));
  return problems.length === 0 ? { ok: true, layout } : { ok: false, problems };
}

function readShard(value: unknown, place: string, problems: string[]): readonly LayoutShard[] {
  const shard = readObject(value, place, ['primary', 'replicas', 'slots'], problems);
  if (shard === null) return [];
  const primary = readAddress(shard['primary'], `${place}.primary`, problems);
  const list = shard['replicas'] === undefined ? [] : readList(shard['replicas'], `${place}.replicas`, problems);
  const replicas = (list ?? []).map((item, index) => readAddress(item, `${place}.replicas[${index}]`, problems));
  const slots = shard['slots'] === undefined ? undefined : readSlots(shard['slots'], `${place}.slots`, problems);
  if (primary === null || slots === null) return [];
  const known = replicas.filter((replica) => replica !== null);
  return [{ primary, replicas: known, ...(slots === undefined ? {} : { slots }) }];
}

function readObject(
  value: unknown,
  place: string,
  keys: readonly string[],
  problems: string[],
): Readonly<Record<string, unknown>> | null {
  if (!isObject(value)) {
    problems.push(`${place} must be a mapping with ${keys.join(', ')}.`);
    return null;
  }
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) problems.push(`${place} has the unknown key ${key}; it takes ${keys.join(', ')}.`);
  }
  return value;
}

function readList(value: unknown, place: string, problems: string[]): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  problems.push(`${place} must be a list.`);
  return null;
}

function readAddress(value: unknown, place: string, problems: string[]): Address | null {
  const address = typeof value === 'string' ? parseAddress(value) : null;
  if (address === null)
    problems.push(`${place} must be an address such as 10.0.0.1:7000, not ${JSON.stringify(value)}.`);
  return address;
}

/** YAML reads a single slot without quotes as a number. */
function readSlots(value: unknown, place: string, problems: string[]): SlotSet | null {
  const slots = typeof value === 'string' || typeof value === 'number' ? parseSlots(`${value}`) : null;
  if (slots !== null && slots.length > 0) return slots;
  problems.push(`${place} must be slots such as 0-5460,7000, not ${JSON.stringify(value)}.`);
  return null;
}

function repeatedNodes(layout: Layout): readonly string[] {
  const first = new Map<string, string>();
  return layout.flatMap((shard, index) =>
    [shard.primary, ...shard.replicas].flatMap((address, node) => {
      const name = formatAddress(address);
      const place = node === 0 ? `shards[${index}].primary` : `shards[${index}].replicas[${node - 1}]`;
      const earlier = first.get(name);
      if (earlier !== undefined) return [`${place} is ${name}, which is ${earlier} already.`];
      first.set(name, place);
      return [];
    }),
  );
}

function slotProblems(layout: Layout): readonly string[] {
  const without = layout.flatMap(({ slots }, index) => (slots === undefined ? [`shards[${index}]`] : []));
  if (without.length === layout.length) return [];
  if (without.length > 0)
    return without.map((place) => `${place} has no slots, but others have: give slots to all shards or to none.`);
  const problems: string[] = [];
  let taken: SlotSet = [];
  for (const [index, { slots = [] }] of layout.entries()) {
    const twice = formatSlots(intersectSlots(taken, slots));
    if (twice !== '') problems.push(`shards[${index}].slots has slots that an earlier shard has: ${twice}.`);
    taken = unionSlots(taken, slots);
  }
  const uncovered = formatSlots(subtractSlots(ALL_SLOTS, taken));
  if (uncovered !== '') problems.push(`shards must have every slot, but these are in none: ${uncovered}.`);
  return problems;
}
