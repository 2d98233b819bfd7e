import { describe, expect, it } from 'vitest';
import { Flight } from '../../../../src/lib/apply/import/flight.ts';

/** Work that ends when the test says so. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => false), new Promise<true>((resolve) => setImmediate(resolve, true))]);
}

describe('Flight', () => {
  it('has no more under way than it has lanes', async () => {
    const flight = new Flight('lane', 2, 100);
    const gates = [gate(), gate(), gate()];
    const lanes: string[] = [];
    const start = (index: number) =>
      flight.start(1, (lane) => {
        lanes.push(lane);
        return gates[index]?.opened ?? Promise.resolve();
      });
    await start(0);
    await start(1);
    const third = start(2);
    expect(await isPending(third)).toBe(true);
    gates[0]?.open();
    await third;
    expect(new Set(lanes)).toEqual(new Set(['lane-0', 'lane-1']));
    for (const each of gates) each.open();
    await flight.landed();
  });

  it('has no more bytes under way than allowed, but for one that is larger by itself', async () => {
    const flight = new Flight('lane', 4, 100);
    const [first, large] = [gate(), gate()];
    await flight.start(60, () => first.opened);
    const second = flight.start(500, () => large.opened);
    expect(await isPending(second)).toBe(true);
    first.open();
    await second;
    const third = flight.start(1, async () => undefined);
    expect(await isPending(third)).toBe(true);
    large.open();
    await third;
    await flight.landed();
  });

  it('begins nothing after a failure, and says which it was', async () => {
    const flight = new Flight('lane', 1, 100);
    await flight.start(1, async () => {
      throw new Error('the first');
    });
    let begun = false;
    const next = flight.start(1, async () => {
      begun = true;
    });
    await expect(next).rejects.toThrow('the first');
    expect(begun).toBe(false);
    await expect(flight.landed()).rejects.toThrow('the first');
  });
});
