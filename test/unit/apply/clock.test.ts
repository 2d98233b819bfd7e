import { describe, expect, it } from 'vitest';
import type { Wait } from '../../../src/lib/apply/clock.ts';
import { throwIfInterrupted, waitUntilNothingIsMissing } from '../../../src/lib/apply/clock.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const ignore = (): void => undefined;

function wait(options: Partial<Wait> = {}): Wait {
  return { what: 'the nodes', timeoutMs: 60_000, pollMs: 1, signal: new AbortController().signal, ...options };
}

/** Answers with each in turn, then with the last for ever. */
function answers(...lists: readonly (readonly string[])[]): () => Promise<readonly string[]> {
  let asked = 0;
  return async () => lists[Math.min(asked++, lists.length - 1)] ?? [];
}

describe('waitUntilNothingIsMissing', () => {
  it('asks until nothing is missing, and reports what was', async () => {
    const reports: (readonly string[])[] = [];
    await waitUntilNothingIsMissing(wait(), answers(['a', 'b'], ['b'], []), (missing) => reports.push(missing));
    expect(reports).toEqual([['a', 'b'], ['b']]);
  });

  it('asks at least once, however short the time is', async () => {
    await waitUntilNothingIsMissing(wait({ timeoutMs: 0 }), answers([]), ignore);
  });

  it('names everything that is still missing when the time is up', async () => {
    await expect(
      waitUntilNothingIsMissing(wait({ timeoutMs: 20 }), answers(['a is not there', 'b is not there']), ignore),
    ).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'Waited 0.02 s for the nodes; still missing:\n  a is not there\n  b is not there',
    });
  });

  it('is interrupted in the middle of a pause', async () => {
    const operator = new AbortController();
    const waiting = waitUntilNothingIsMissing(wait({ pollMs: 60_000, signal: operator.signal }), answers(['a']), () =>
      operator.abort(),
    );
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('does not even ask once the operator has asked to stop', async () => {
    const signal = AbortSignal.abort();
    await expect(
      waitUntilNothingIsMissing(wait({ signal }), () => Promise.reject(new Error('asked')), ignore),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('goes on for the grace that is left, where what is waited for is about to come', async () => {
    const signal = AbortSignal.abort();
    const clock = new SimulatedClock();
    await waitUntilNothingIsMissing(wait({ signal, clock, graceMs: 10 }), answers(['a'], ['a'], []), ignore);
    const waiting = waitUntilNothingIsMissing(wait({ signal, clock, graceMs: 10 }), answers(['a']), ignore);
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(clock.now()).toBe(12);
  });

  it('gives up early where the question throws', async () => {
    await expect(waitUntilNothingIsMissing(wait(), () => Promise.reject(new Error('refused')), ignore)).rejects.toThrow(
      'refused',
    );
  });
});

describe('throwIfInterrupted', () => {
  it('is silent until the operator has asked to stop', () => {
    const operator = new AbortController();
    throwIfInterrupted(operator.signal);
    operator.abort();
    expect(() => throwIfInterrupted(operator.signal)).toThrow('Interrupted by the operator.');
  });
});
