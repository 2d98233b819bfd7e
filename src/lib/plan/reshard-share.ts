/**
 * How many slots does each source give, and which go to which target? redis-cli's arithmetic
 * (`clusterManagerComputeReshardTable`, 7.0 to 8.0), except that the slots add up to what was asked for.
 */
import { assert } from '../assert.ts';
import type { SlotRange, SlotSet } from '../model/slot-set.ts';
import { countSlots } from '../model/slot-set.ts';

/**
 * How many slots each source gives, in the order of `owned`: what each has, in descending order, together at least `wanted`.
 * The first gives its proportional share rounded up, the others theirs rounded down, in 32-bit floats and until there are
 * enough, all as redis-cli does it. What is then missing redis-cli leaves out; here it comes one by one from those that were
 * rounded down, the largest first.
 */
export function reshardQuotas(owned: readonly number[], wanted: number): readonly number[] {
  const total = owned.reduce((sum, count) => sum + count, 0);
  assert(wanted <= total, `${total} slots are enough to give ${wanted}`);
  const share = Math.fround(wanted / total);
  let missing = wanted;
  const quotas = owned.map((count, index) => {
    const exact = Math.fround(share * count);
    const quota = Math.min(index === 0 ? Math.ceil(exact) : Math.floor(exact), count, missing);
    missing -= quota;
    return quota;
  });
  for (let index = 1; missing > 0; index++) {
    const source = index % owned.length;
    const quota = quotas[source] ?? 0;
    if (quota >= (owned[source] ?? 0)) continue;
    quotas[source] = quota + 1;
    missing -= 1;
  }
  return quotas;
}

/** The lowest `count` slots of the set, and the others. */
export function splitSlots(slots: SlotSet, count: number): readonly [lowest: SlotSet, others: SlotSet] {
  const lowest: SlotRange[] = [];
  const others: SlotRange[] = [];
  let left = count;
  for (const [first, last] of slots) {
    const cut = Math.min(last, first + left - 1);
    if (cut >= first) lowest.push([first, cut]);
    if (cut < last) others.push([Math.max(first, cut + 1), last]);
    left -= cut - first + 1;
  }
  return [lowest, others];
}

export interface Share {
  /** Positions in what was given. */
  readonly source: number;
  readonly target: number;
  readonly slots: SlotSet;
}

/**
 * Who takes what of whose offer. Targets get equally many slots, or the first ones one more; they are filled one after the
 * other, from one source after the other. No share is empty.
 */
export function fillTargets(offers: readonly SlotSet[], targetCount: number): readonly Share[] {
  const total = offers.reduce((sum, slots) => sum + countSlots(slots), 0);
  const room = Array.from({ length: targetCount }, (_, target) =>
    Math.floor((total + targetCount - 1 - target) / targetCount),
  );
  const shares: Share[] = [];
  let target = 0;
  for (const [source, offer] of offers.entries()) {
    let rest = offer;
    while (rest.length > 0 && target < targetCount) {
      const [slots, others] = splitSlots(rest, room[target] ?? 0);
      if (slots.length > 0) shares.push({ source, target, slots });
      room[target] = (room[target] ?? 0) - countSlots(slots);
      if (room[target] === 0) target += 1;
      rest = others;
    }
  }
  return shares;
}
