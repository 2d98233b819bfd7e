/**
 * A set of hash slots as plain data: ascending, disjoint, non-adjacent ranges. Being plain arrays, slot sets go into
 * plans and JSON as they are, and two equal sets are deeply equal.
 */
import { assert } from '../assert.ts';

/** The number of hash slots of every cluster. Source: the cluster specification; the same in Redis 3-8 and Valkey 7-9. */
export const SLOT_COUNT = 16384;

/** First and last slot, both inclusive. */
export type SlotRange = readonly [first: number, last: number];

export type SlotSet = readonly SlotRange[];

export const NO_SLOTS: SlotSet = [];
export const ALL_SLOTS: SlotSet = [[0, SLOT_COUNT - 1]];

/** True for an integer in 0..16383. */
export function isSlot(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < SLOT_COUNT;
}

/** The canonical set of any ranges, in any order, overlapping or not. */
export function slotSet(ranges: readonly SlotRange[]): SlotSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    assert(
      isSlot(first) && isSlot(last) && first <= last,
      `a slot range runs upwards within 0-16383, not ${first}-${last}`,
    );
    const previous = merged.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** The canonical set of single slots, in any order. */
export function slotSetOf(slots: Iterable<number>): SlotSet {
  return slotSet([...slots].map((slot): SlotRange => [slot, slot]));
}

/** How many slots are in the set. */
export function countSlots(set: SlotSet): number {
  return set.reduce((count, [first, last]) => count + last - first + 1, 0);
}

/** Every slot of the set, ascending. */
export function* eachSlot(set: SlotSet): Generator<number> {
  for (const [first, last] of set) for (let slot = first; slot <= last; slot++) yield slot;
}

export function hasSlot(set: SlotSet, slot: number): boolean {
  return set.some(([first, last]) => first <= slot && slot <= last);
}

/** The slots in any of the sets. */
export function unionSlots(...sets: readonly SlotSet[]): SlotSet {
  return slotSet(sets.flat());
}

/** The slots of `left` that are not in `right`. */
export function subtractSlots(left: SlotSet, right: SlotSet): SlotSet {
  const rest: SlotRange[] = [];
  for (const [first, last] of left) {
    let from = first;
    for (const [holeFirst, holeLast] of right) {
      if (holeLast < from || holeFirst > last) continue;
      if (holeFirst > from) rest.push([from, holeFirst - 1]);
      from = holeLast + 1;
    }
    if (from <= last) rest.push([from, last]);
  }
  return rest;
}

/** The slots in both sets. */
export function intersectSlots(left: SlotSet, right: SlotSet): SlotSet {
  return subtractSlots(left, subtractSlots(left, right));
}

/** `0-5460,7000`: ranges in ascending order; the empty set prints as the empty string. */
export function formatSlots(set: SlotSet): string {
  return set.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** The reverse of {@link formatSlots}; null where the text is not such a list. Spaces around commas are allowed. */
export function parseSlots(text: string): SlotSet | null {
  if (text.trim() === '') return NO_SLOTS;
  const ranges: SlotRange[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (!isSlot(first) || !isSlot(last) || first > last) return null;
    ranges.push([first, last]);
  }
  return slotSet(ranges);
}
