import { describe, expect, it } from 'vitest';
import type { MoveProgress } from '../../../../src/lib/apply/events.ts';
import { type MoveTotals, Tally } from '../../../../src/lib/apply/move/tally.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

function tallyOf({ bytes = null, ...rest }: Omit<MoveTotals, 'bytes'> & Partial<MoveTotals>) {
  const totals = { ...rest, bytes };
  const clock = new SimulatedClock();
  const events: MoveProgress[] = [];
  const emit = (event: object): void => void events.push(event as MoveProgress);
  return {
    tally: new Tally(emit, totals, () => ({ isSlowedDown: false, isPaused: false, keysPerSecondMax: null }), clock),
    clock,
    events,
  };
}

describe('the tally', () => {
  it('says at once which pairs are at work, and the rest at most five times a second', async () => {
    const { tally, clock, events } = tallyOf({ slots: 100, keys: 1000 });
    tally.begin('a to b');
    for (let n = 0; n < 100; n++) {
      await clock.sleep(10);
      tally.keys(10);
      tally.slots(1);
    }
    tally.end('a to b');
    expect(events.length).toBeLessThanOrEqual(7);
    expect(events[0]).toMatchObject({
      pairs: ['a to b'],
      slotsDone: 0,
      keysDone: 0,
      keysPerSecond: 0,
      remainingMs: null,
    });
    expect(events.at(-1)).toMatchObject({
      pairs: [],
      slotsDone: 100,
      keysDone: 1000,
      keysPerSecond: 1000,
      remainingMs: 0,
    });
  });

  it('reckons rate and rest from the last seconds, not from the beginning', async () => {
    const { tally, clock, events } = tallyOf({ slots: 1, keys: 10_000 });
    tally.begin('a to b');
    await clock.sleep(60_000);
    for (let n = 0; n < 20; n++) {
      tally.keys(100);
      await clock.sleep(250);
    }
    tally.keys(0);
    expect(events.at(-1)?.keysPerSecond).toBeGreaterThan(350);
    expect(events.at(-1)?.keysPerSecond).toBeLessThan(450);
    expect(events.at(-1)?.remainingMs).toBeGreaterThan(15_000);
    expect(events.at(-1)?.remainingMs).toBeLessThan(25_000);
  });

  it('does not guess the rest where the keys were not counted, and never less than none', async () => {
    const unknown = tallyOf({ slots: 1, keys: null });
    unknown.tally.begin('a to b');
    await unknown.clock.sleep(1000);
    unknown.tally.keys(50);
    expect(unknown.events.at(-1)).toMatchObject({ keys: null, remainingMs: null, keysPerSecond: 50 });
    const more = tallyOf({ slots: 1, keys: 10 });
    more.tally.begin('a to b');
    await more.clock.sleep(1000);
    more.tally.keys(50);
    expect(more.events.at(-1)).toMatchObject({ remainingMs: 0 });
  });

  it('reckons bytes by keys, and by slots where servers move without telling of keys', () => {
    const byKeys = tallyOf({ slots: 10, keys: 100, bytes: 5000 });
    byKeys.tally.keys(30);
    byKeys.tally.slots(1);
    byKeys.tally.end('a to b');
    expect(byKeys.events.at(-1)).toMatchObject({ bytesDone: 1500, bytes: 5000 });
    byKeys.tally.keys(90);
    byKeys.tally.end('a to b');
    expect(byKeys.events.at(-1)).toMatchObject({ bytesDone: 5000 });
    const bySlots = tallyOf({ slots: 10, keys: 100, bytes: 5000 });
    bySlots.tally.slots(4);
    bySlots.tally.end('a to b');
    expect(bySlots.events.at(-1)).toMatchObject({ bytesDone: 2000 });
  });
});
