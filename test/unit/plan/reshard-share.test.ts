import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSlots, formatSlots, parseSlots, unionSlots } from '../../../src/lib/model/slot-set.ts';
import { fillTargets, reshardQuotas, splitSlots } from '../../../src/lib/plan/reshard-share.ts';

const slots = (text: string): ReturnType<typeof unionSlots> => parseSlots(text) ?? [];

describe('reshardQuotas', () => {
  it('takes what redis-cli takes: the first rounded up, the others down', () => {
    expect(reshardQuotas([5462, 5461, 5461], 4096)).toEqual([1366, 1365, 1365]);
    expect(reshardQuotas([5462, 5461, 5461], 100)).toEqual([34, 33, 33]);
    expect(reshardQuotas([10, 6], 16)).toEqual([10, 6]);
  });

  it('makes up for what redis-cli leaves out', () => {
    expect(reshardQuotas([5462, 5461, 5461], 5)).toEqual([2, 2, 1]);
    expect(reshardQuotas([5462, 5461, 5461], 30)).toEqual([11, 10, 9]);
    expect(reshardQuotas([100, 100, 100, 100], 3)).toEqual([1, 1, 1, 0]);
  });

  it('always adds up, and never asks for more than there is', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(counts, fc.nat(16384), (some, wish) => {
        const owned = [...some].sort((a, b) => b - a);
        const total = owned.reduce((sum, count) => sum + count, 0);
        fc.pre(total > 0);
        const wanted = Math.min(total, wish);
        const quotas = reshardQuotas(owned, wanted);
        expect(quotas.reduce((sum, quota) => sum + quota, 0)).toBe(wanted);
        for (const [index, quota] of quotas.entries()) expect(quota).toBeLessThanOrEqual(owned[index] ?? 0);
      }),
    );
  });
});

describe('splitSlots', () => {
  it.each([
    ['0-9,20-29', 0, '', '0-9,20-29'],
    ['0-9,20-29', 3, '0-2', '3-9,20-29'],
    ['0-9,20-29', 10, '0-9', '20-29'],
    ['0-9,20-29', 15, '0-9,20-24', '25-29'],
    ['0-9,20-29', 20, '0-9,20-29', ''],
    ['0-9,20-29', 99, '0-9,20-29', ''],
  ])('of %s the lowest %i', (set, count, lowest, others) => {
    expect(splitSlots(slots(set), count).map(formatSlots)).toEqual([lowest, others]);
  });
});

describe('fillTargets', () => {
  it('fills one target after the other, the first ones with the odd slots', () => {
    const shares = fillTargets([slots('0-5'), slots('10-14')], 3);
    expect(shares.map(({ source, target, slots: own }) => [source, target, formatSlots(own)])).toEqual([
      [0, 0, '0-3'],
      [0, 1, '4-5'],
      [1, 1, '10-11'],
      [1, 2, '12-14'],
    ]);
  });

  it('gives nobody an empty share', () => {
    expect(fillTargets([slots(''), slots('7')], 3)).toEqual([{ source: 1, target: 0, slots: [[7, 7]] }]);
    expect(fillTargets([slots('')], 2)).toEqual([]);
    expect(countSlots(unionSlots(...fillTargets([slots('0-16383')], 7).map((share) => share.slots)))).toBe(16384);
  });
});
