import { describe, expect, it } from 'vitest';
import { mapBounded } from '../../src/lib/bounded.ts';

/** Work that ends when it is told to, in whatever order. */
function gate(): { readonly wait: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

describe('mapBounded', () => {
  it('gives results in the order of the items, whichever is done first', async () => {
    const gates = [gate(), gate(), gate()];
    const results = mapBounded([0, 1, 2], 3, async (index) => {
      await gates[index]?.wait;
      return index * 10;
    });
    for (const { open } of gates.toReversed()) open();
    expect(await results).toEqual([0, 10, 20]);
  });

  it('never has more under way than the limit', async () => {
    let active = 0;
    let most = 0;
    await mapBounded([...Array(50).keys()], 4, async () => {
      most = Math.max(most, ++active);
      await Promise.resolve();
      active -= 1;
    });
    expect(most).toBe(4);
  });

  it('does nothing for nothing', async () => {
    expect(await mapBounded([], 4, () => Promise.reject(new Error('never called')))).toEqual([]);
  });

  it('begins no more after a failure, waits for what is under way, and throws the first', async () => {
    const slow = gate();
    const begun: number[] = [];
    let isSlowDone = false;
    const results = mapBounded([0, 1, 2, 3], 2, async (index) => {
      begun.push(index);
      if (index === 0) {
        await slow.wait;
        isSlowDone = true;
        throw new Error('second');
      }
      throw new Error('first');
    });
    slow.open();
    await expect(results).rejects.toThrow('first');
    expect(begun).toEqual([0, 1]);
    expect(isSlowDone).toBe(true);
  });

  it('throws what is thrown, even where that is undefined', async () => {
    await expect(mapBounded([1], 1, () => Promise.reject())).rejects.toBeUndefined();
  });
});
