/**
 * A whole layout said in a file (`cluster create --topology FILE`):
 *
 *   shards:
 *     - primary: 10.0.0.1:6379
 *       replicas: [10.0.0.2:6379]
 *       slots: 0-8191
 *
 * Slots are given for all shards or for none; without them they are shared out evenly.
 */
import type { Address } from '../model/address.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import type { SlotSet } from '../model/slot-set.ts';
import {
  ALL_SLOTS,
  countSlots,
  formatSlots,
  intersectSlots,
  parseSlots,
  subtractSlots,
  unionSlots,
} from '../model/slot-set.ts';

export interface LayoutShard {
  readonly primary: Address;
  readonly replicas: readonly Address[];
  /** Null: an even share. Either all shards of a layout have slots or none has. */
  readonly slots: SlotSet | null;
}

export type Layout = readonly LayoutShard[];

export type ParsedLayout =
  | { readonly ok: true; readonly layout: Layout }
  /** One sentence each, naming the place. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the decoded document. A layout that comes back names each node once and covers all slots exactly once. */
export function parseLayout(document: unknown): ParsedLayout {
  const problems: string[] = [];
  if (!isObject(document) || !Array.isArray(document['shards']) || document['shards'].length === 0) {
    return { ok: false, problems: ['The document has no list of "shards".'] };
  }
  refuseOtherKeys(document, ['shards'], 'the document', problems);
  const shards = document['shards'].map((shard: unknown, index) => parseShard(shard, `shard ${index + 1}`, problems));
  const layout = shards.filter((shard) => shard !== null);
  problems.push(...repeatedNodes(layout), ...slotProblems(layout));
  return problems.length === 0 ? { ok: true, layout } : { ok: false, problems };
}

function parseShard(value: unknown, place: string, problems: string[]): LayoutShard | null {
  if (!isObject(value)) {
    problems.push(`In ${place}: it is not a mapping with "primary".`);
    return null;
  }
  refuseOtherKeys(value, ['primary', 'replicas', 'slots'], place, problems);
  const primary = parseNode(value['primary'], `primary of ${place}`, problems);
  const listed = value['replicas'] ?? [];
  if (!Array.isArray(listed)) problems.push(`In ${place}: "replicas" is not a list.`);
  const replicas = (Array.isArray(listed) ? listed : []).map((node) =>
    parseNode(node, `replicas of ${place}`, problems),
  );
  const slots = parseShardSlots(value['slots'], place, problems);
  return primary === null ? null : { primary, replicas: replicas.filter((node) => node !== null), slots };
}

function parseNode(value: unknown, place: string, problems: string[]): Address | null {
  const address = typeof value === 'string' ? parseAddress(value) : null;
  if (address === null) problems.push(`In the ${place}: ${JSON.stringify(value) ?? 'nothing'} is not host:port.`);
  return address;
}

function parseShardSlots(value: unknown, place: string, problems: string[]): SlotSet | null {
  if (value === undefined || value === null) return null;
  const slots = parseSlots(String(value));
  if (slots === null)
    problems.push(`In ${place}: ${JSON.stringify(value)} is not a list of slots such as 0-5460,7000.`);
  return slots;
}

function repeatedNodes(layout: Layout): readonly string[] {
  const names = layout.flatMap(({ primary, replicas }) => [primary, ...replicas].map(formatAddress));
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => `${name} is named more than once.`);
}

function slotProblems(layout: Layout): readonly string[] {
  const given = layout.filter(({ slots }) => slots !== null);
  if (given.length === 0) return [];
  if (given.length < layout.length) return ['Some shards have slots and some have none: give them to all or to none.'];
  const problems: string[] = [];
  let covered: SlotSet = [];
  for (const { primary, slots } of layout) {
    if (slots === null || countSlots(slots) === 0) {
      problems.push(`${formatAddress(primary)} has no slots.`);
      continue;
    }
    const twice = intersectSlots(covered, slots);
    if (twice.length > 0)
      problems.push(`Slots ${formatSlots(twice)} of ${formatAddress(primary)} belong to another shard too.`);
    covered = unionSlots(covered, slots);
  }
  const missing = subtractSlots(ALL_SLOTS, covered);
  if (missing.length > 0) problems.push(`Slots ${formatSlots(missing)} belong to no shard.`);
  return problems;
}

function refuseOtherKeys(
  value: Record<string, unknown>,
  known: readonly string[],
  place: string,
  problems: string[],
): void {
  for (const key of Object.keys(value)) if (!known.includes(key)) problems.push(`In ${place}: "${key}" is not known.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
