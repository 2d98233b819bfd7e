/** How many slots does each primary of a new cluster get, and which? Exactly those that redis-cli would give it. */
import { assert } from '../assert.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { SLOT_COUNT } from '../model/slot-set.ts';

/**
 * All slots in `primaryCount` contiguous shares of nearly equal size, ascending: 0-5460, 5461-10922 and 10923-16383
 * for three. There are from 1 to 16384 primaries. Each share has at least one slot, and none has over one more than
 * another (tested for 1 to 1000 primaries).
 *
 * redis-cli 7.0 (`clusterManagerCommandCreate`) computes in 32-bit floats, and so does this: with other rounding some
 * boundaries would lie one slot beside those that people know.
 */
export function slotShares(primaryCount: number): readonly SlotSet[] {
  assert(
    Number.isInteger(primaryCount) && primaryCount > 0 && primaryCount <= SLOT_COUNT,
    `there is a slot for each primary, and at least one primary, not ${primaryCount}`,
  );
  const shareSize = Math.fround(SLOT_COUNT / primaryCount);
  const shares: SlotSet[] = [];
  let end = Math.fround(0);
  let first = 0;
  for (let index = 0; index < primaryCount; index++) {
    end = Math.fround(end + shareSize);
    const last = index === primaryCount - 1 ? SLOT_COUNT - 1 : Math.max(first, Math.round(Math.fround(end - 1)));
    shares.push([[first, last]]);
    first = last + 1;
  }
  return shares;
}
