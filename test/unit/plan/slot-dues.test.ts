import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../src/lib/plan/slot-dues.ts';
import { exactShares, slotDues } from '../../../src/lib/plan/slot-dues.ts';

function claims(...pairs: readonly (readonly [weight: number, slots: number])[]): readonly Claim[] {
  return pairs.map(([weight, slots]) => ({ weight, slots }));
}

describe('slotDues', () => {
  it('shares by weight', () => {
    expect(slotDues(claims([1, 16384], [1, 0]))).toEqual([8192, 8192]);
    expect(slotDues(claims([3, 16384], [1, 0]))).toEqual([12288, 4096]);
    expect(slotDues(claims([0.5, 16384], [1.5, 0]))).toEqual([4096, 12288]);
    expect(slotDues(claims([0, 16384], [2, 0]))).toEqual([0, 16384]);
  });

  it('rounds up where the remainder is larger', () => {
    expect(slotDues(claims([5, 5], [3, 3], [2, 2], [1, 2]))).toEqual([6, 3, 2, 1]);
  });

  it('leaves what is even as it is, wherever the odd slots are', () => {
    for (const slots of [
      [5462, 5461, 5461],
      [5461, 5462, 5461],
      [5461, 5461, 5462],
    ])
      expect(slotDues(slots.map((own) => ({ weight: 1, slots: own })))).toEqual(slots);
    expect(slotDues(claims([1, 5461], [1, 5461], [1, 5462], [1, 0]))).toEqual([4096, 4096, 4096, 4096]);
  });

  it('adds up to all slots, each within one slot of the exact share, and is not misled by fractions', () => {
    const some = fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(16384)), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(some, (pairs) => {
        const wanted = claims(...pairs);
        const weights = pairs.reduce((sum, [weight]) => sum + weight, 0);
        fc.pre(weights > 0);
        const dues = slotDues(wanted);
        const total = pairs.reduce((sum, [, slots]) => sum + slots, 0);
        expect(dues.reduce((sum, due) => sum + due, 0)).toBe(total);
        for (const [index, share] of exactShares(wanted).entries()) {
          expect(Math.abs((dues[index] ?? -1) - share)).toBeLessThan(1 + 1e-5);
          if (wanted[index]?.weight === 0) expect(dues[index]).toBe(0);
        }
        const settled = wanted.map(({ weight }, index) => ({ weight, slots: dues[index] ?? 0 }));
        expect(slotDues(settled)).toEqual(dues);
      }),
    );
  });
});
