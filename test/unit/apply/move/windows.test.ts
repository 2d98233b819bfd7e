import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowsOf } from '../../../../src/lib/apply/move/windows.ts';

const slots = (count: number): readonly number[] => Array.from({ length: count }, (_, slot) => slot);

describe('windows', () => {
  it('takes 256 empty slots at a time', () => {
    expect(windowsOf(slots(600), new Map()).map(({ length }) => length)).toEqual([256, 256, 88]);
  });

  it('cuts before the slot with which a window would hold more than 4096 keys', () => {
    const keys = new Map([0, 1, 2, 3].map((slot) => [slot, 2048]));
    expect(windowsOf(slots(4), keys)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('gives a slot of its own window that is fuller than that', () => {
    expect(windowsOf([1, 2, 3], new Map([[2, 100_000]]))).toEqual([[1], [2], [3]]);
  });

  it('has none for no slots', () => {
    expect(windowsOf([], new Map())).toEqual([]);
  });

  it('leaves no slot out, keeps the order, and stays within both bounds', () => {
    const some = fc.uniqueArray(fc.nat(16383), { maxLength: 800 });
    fc.assert(
      fc.property(some, fc.array(fc.nat(6000), { minLength: 1 }), (list, counts) => {
        const keys = new Map(list.map((slot) => [slot, counts[slot % counts.length] ?? 0]));
        const windows = windowsOf(list, keys);
        expect(windows.flat()).toEqual(list);
        for (const window of windows) {
          const sum = window.reduce((total, slot) => total + (keys.get(slot) ?? 0), 0);
          expect(window.length).toBeGreaterThan(0);
          expect(window.length).toBeLessThanOrEqual(256);
          if (window.length > 1) expect(sum).toBeLessThanOrEqual(4096);
        }
      }),
    );
  });
});
