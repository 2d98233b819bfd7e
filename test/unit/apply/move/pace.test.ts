import { describe, expect, it } from 'vitest';
import { Pace, type PaceLimits } from '../../../../src/lib/apply/move/pace.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

const UNSTOPPED = new AbortController().signal;
const FREE: PaceLimits = { batchMsMax: 5, keysPerSecondMax: null, latencyMsMax: null };

function paceOf(limits: Partial<PaceLimits> = {}): { pace: Pace; clock: SimulatedClock; limits: { now: PaceLimits } } {
  const clock = new SimulatedClock();
  const current = { now: { ...FREE, ...limits } };
  return { pace: new Pace(() => current.now, clock), clock, limits: current };
}

/** Moves `total` keys, each of which takes the servers `perKeyMs`. The sizes of the batches. */
async function moveKeys(pace: Pace, clock: SimulatedClock, total: number, perKeyMs: number): Promise<number[]> {
  const sizes: number[] = [];
  for (let left = total; left > 0; ) {
    await pace.admit(UNSTOPPED);
    const keys = Math.min(left, pace.keysPerBatch);
    await clock.sleep(keys * perKeyMs);
    pace.record(keys, keys * perKeyMs);
    sizes.push(keys);
    left -= keys;
  }
  return sizes;
}

describe('the size of a batch', () => {
  it('shrinks at once where keys are slow, so that a batch takes no longer than it may', async () => {
    const { pace, clock } = paceOf();
    const sizes = await moveKeys(pace, clock, 300, 1);
    expect(sizes.slice(0, 4)).toEqual([100, 5, 5, 5]);
  });

  it('grows by half at a time where they are quick, up to 1000', async () => {
    const { pace, clock } = paceOf();
    const sizes = await moveKeys(pace, clock, 10_000, 0.001);
    expect(sizes.slice(0, 8)).toEqual([100, 150, 225, 337, 506, 759, 1000, 1000]);
  });

  it('is one key where even one takes too long', async () => {
    const { pace, clock } = paceOf();
    expect((await moveKeys(pace, clock, 103, 50)).slice(1)).toEqual([1, 1, 1]);
  });

  it('follows a bound that changes meanwhile', async () => {
    const { pace, clock, limits } = paceOf();
    await moveKeys(pace, clock, 200, 1);
    limits.now = { ...FREE, batchMsMax: 2 };
    await moveKeys(pace, clock, 5, 1);
    expect(pace.keysPerBatch).toBe(2);
  });
});

describe('the size of a batch over a network', () => {
  /** Moves `total` keys in batches of at most `slotKeys`, each of which costs a round trip on top of its keys. */
  async function moveFar(fixedMs: number, perKeyMs: number, slotKeys: (index: number) => number): Promise<number> {
    const { pace, clock } = paceOf();
    for (let index = 0; index < 200; index++) {
      await pace.admit(UNSTOPPED);
      const keys = Math.min(slotKeys(index), pace.keysPerBatch);
      const tookMs = fixedMs + keys * perKeyMs;
      await clock.sleep(tookMs);
      pace.record(keys, tookMs);
    }
    return pace.keysPerBatch;
  }

  it('does not shrink for round trips that smaller batches would not shorten', async () => {
    expect(await moveFar(6, 0.01, (index) => 40 + (index % 30))).toBeGreaterThan(100);
  });

  it('grows again after a slow moment has shrunk it to nothing', async () => {
    const { pace, clock } = paceOf();
    const move = async (tookMs: (keys: number) => number, batches: number): Promise<void> => {
      for (let index = 0; index < batches; index++) {
        await pace.admit(UNSTOPPED);
        const keys = Math.min(18, pace.keysPerBatch);
        await clock.sleep(tookMs(keys));
        pace.record(keys, tookMs(keys));
      }
    };
    await move((keys) => 20 * keys, 40);
    expect(pace.keysPerBatch).toBeLessThanOrEqual(2);
    await move((keys) => 6 + 0.01 * keys, 60);
    expect(pace.keysPerBatch).toBeGreaterThanOrEqual(18);
  });

  it('still shrinks where it is the keys that take the time', async () => {
    expect(await moveFar(0, 1, (index) => 40 + (index % 30))).toBeLessThanOrEqual(5);
    expect(await moveFar(6, 1, (index) => 40 + (index % 30))).toBeLessThanOrEqual(5);
  });
});

describe('the throttle', () => {
  it.each([100, 1000, 5000])('holds %i keys a second over the time', async (keysPerSecondMax) => {
    const { pace, clock } = paceOf({ keysPerSecondMax });
    await moveKeys(pace, clock, 20_000, 0.01);
    const rate = 20_000 / (clock.now() / 1000);
    expect(rate).toBeLessThanOrEqual(keysPerSecondMax * 1.1);
    expect(rate).toBeGreaterThan(keysPerSecondMax * 0.9);
  });

  it('holds it for two lanes together', async () => {
    const { pace, clock } = paceOf({ keysPerSecondMax: 1000 });
    await Promise.all([moveKeys(pace, clock, 5000, 0.01), moveKeys(pace, clock, 5000, 0.01)]);
    expect(10_000 / (clock.now() / 1000)).toBeLessThanOrEqual(1150);
  });

  it('does not slow down what is slower already', async () => {
    const { pace, clock } = paceOf({ keysPerSecondMax: 1_000_000 });
    await moveKeys(pace, clock, 1000, 1);
    expect(clock.now()).toBeCloseTo(1000, 0);
  });

  it('may be taken off and put on while it works', async () => {
    const { pace, clock, limits } = paceOf({ keysPerSecondMax: 100 });
    await moveKeys(pace, clock, 200, 0.01);
    limits.now = FREE;
    const free = clock.now();
    await moveKeys(pace, clock, 2000, 0.01);
    expect(clock.now() - free).toBeLessThan(100);
    limits.now = { ...FREE, keysPerSecondMax: 100 };
    const throttled = clock.now();
    await moveKeys(pace, clock, 3000, 0.01);
    expect(clock.now() - throttled).toBeGreaterThan(20_000);
  });
});

describe('while it waits', () => {
  it('a lower or higher rate holds at once', async () => {
    const { pace, clock, limits } = paceOf({ keysPerSecondMax: 1 });
    pace.record(100, 1);
    const waiting = pace.admit(UNSTOPPED);
    await clock.sleep(10_000);
    limits.now = { ...FREE, keysPerSecondMax: 1000 };
    await waiting;
    expect(clock.now()).toBeGreaterThanOrEqual(10_000);
    expect(clock.now()).toBeLessThan(10_400);
  });

  it('a pause lasts until the operator goes on', async () => {
    const { pace, clock, limits } = paceOf({ isPaused: true });
    const waiting = pace.admit(UNSTOPPED);
    await clock.sleep(3_600_000);
    limits.now = FREE;
    await waiting;
    expect(clock.now()).toBeLessThan(3_600_200);
  });

  it('Ctrl-C ends a pause, but not the throttle', async () => {
    const { pace, clock, limits } = paceOf({ isPaused: true, keysPerSecondMax: 100 });
    pace.record(100, 1);
    const operator = new AbortController();
    const waiting = pace.admit(operator.signal);
    await clock.sleep(5000);
    operator.abort();
    await waiting;
    expect(clock.now()).toBeLessThan(5200);
    pace.record(100, 1);
    await pace.admit(operator.signal);
    expect(clock.now()).toBeGreaterThan(5900);
    expect(limits.now.isPaused).toBe(true);
  });
});

describe('where nothing is open', () => {
  it('Ctrl-C ends the throttle too, and nothing is begun', async () => {
    const { pace, clock } = paceOf({ keysPerSecondMax: 1 });
    pace.record(100, 1);
    const operator = new AbortController();
    const waiting = expect(pace.admit(operator.signal, 'begin-nothing')).rejects.toThrow('Interrupted');
    await clock.sleep(5000);
    operator.abort();
    await waiting;
    expect(clock.now()).toBeLessThan(5200);
    await expect(pace.admit(operator.signal, 'begin-nothing')).rejects.toThrow('Interrupted');
  });
});

describe('the latency bound', () => {
  it('pauses longer and longer while the latency is above it, and not at all a while after it is below', async () => {
    const { pace, clock } = paceOf({ latencyMsMax: 2 });
    expect(pace.isSlowedDown).toBe(false);
    pace.observeLatency(3);
    expect(pace.isSlowedDown).toBe(true);
    pace.record(10, 4);
    const begun = clock.now();
    await pace.admit(UNSTOPPED);
    expect(clock.now() - begun).toBeGreaterThan(0);
    for (let probe = 0; probe < 10; probe++) pace.observeLatency(3);
    for (let probe = 0; probe < 6; probe++) pace.observeLatency(1);
    expect(pace.isSlowedDown).toBe(true);
    pace.observeLatency(1);
    expect(pace.isSlowedDown).toBe(false);
  });

  it('does not look at latency where there is no bound', () => {
    const { pace } = paceOf();
    pace.observeLatency(10_000);
    expect(pace.isSlowedDown).toBe(false);
  });
});
