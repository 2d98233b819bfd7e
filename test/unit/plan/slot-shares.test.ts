import { describe, expect, it } from 'vitest';
import { countSlots, formatSlots, SLOT_COUNT, unionSlots } from '../../../src/lib/model/slot-set.ts';
import { slotShares } from '../../../src/lib/plan/slot-shares.ts';

/** redis-cli 7.0, as reference/redis-cli.md 1.1 tells it, in its own order and with each operation rounded to 32 bits. */
function sharesOfRedisCli(primaries: number): readonly string[] {
  const perNode = Math.fround(Math.fround(16384) / Math.fround(primaries));
  let cursor = Math.fround(0);
  let first = 0;
  return Array.from({ length: primaries }, (_, index) => {
    let last = Math.round(Math.fround(Math.fround(cursor + perNode) - Math.fround(1)));
    if (last > 16384 || index === primaries - 1) last = 16383;
    if (last < first) last = first;
    const share = first === last ? `${first}` : `${first}-${last}`;
    first = last + 1;
    cursor = Math.fround(cursor + perNode);
    return share;
  });
}

describe('slotShares', () => {
  it('gives three primaries what everybody knows', () => {
    expect(slotShares(3).map(formatSlots)).toEqual(['0-5460', '5461-10922', '10923-16383']);
  });

  it('covers every slot once, nearly evenly, with the boundaries of redis-cli, for 1 to 1000 primaries', () => {
    for (let primaries = 1; primaries <= 1000; primaries++) {
      const shares = slotShares(primaries);
      const sizes = shares.map(countSlots);
      expect(shares.map(formatSlots)).toEqual(sharesOfRedisCli(primaries));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(SLOT_COUNT);
      expect(countSlots(unionSlots(...shares))).toBe(SLOT_COUNT);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  it.each([0, -1, 1.5, 16385])('does not take %d primaries', (primaries) => {
    expect(() => slotShares(primaries)).toThrow(/at least one primary/);
  });
});
