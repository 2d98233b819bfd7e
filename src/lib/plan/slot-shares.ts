/** Slots for primaries, evenly and contiguously, to the slot as redis-cli shares them out. */
import { assert } from '../assert.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { SLOT_COUNT } from '../model/slot-set.ts';

/**
 * One range for each primary, in order: for three 0-5460, 5461-10922, 10923-16383. redis-cli computes in 32-bit
 * floating point, which decides where ranges end; source: behaviour of redis-cli 7.0.15 and valkey-cli 9.1.
 */
export function slotShares(primaryCount: number): readonly SlotSet[] {
  assert(primaryCount >= 1 && primaryCount <= SLOT_COUNT, 'slots are shared among 1 to 16384 primaries');
  const perPrimary = Math.fround(SLOT_COUNT / primaryCount);
  const shares: SlotSet[] = [];
  let cursor = 0;
  let first = 0;
  for (let index = 0; index < primaryCount; index++) {
    const isLast = index === primaryCount - 1;
    const end = Math.round(Math.fround(Math.fround(cursor + perPrimary) - 1));
    const last = isLast ? SLOT_COUNT - 1 : Math.max(first, Math.min(end, SLOT_COUNT - 1));
    shares.push([[first, last]]);
    first = last + 1;
    cursor = Math.fround(cursor + perPrimary);
  }
  return shares;
}
