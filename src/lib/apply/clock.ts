/** Time, and waiting: always for a condition, always with a bound that has a name. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OpsError } from '../errors.ts';

/** Time as the executor sees it: passed down, so that a test may let it pass as fast as it likes. */
export interface Clock {
  /** Milliseconds from some beginning; never goes back. */
  now(): number;
  /** Ends early, and without an error, once the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};

export interface Wait {
  /** Completes "Waiting for …". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** How long it is still waited once the signal has fired, for what is about to come. Default: not at all. */
  readonly graceMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * Asks `missing` again and again until it answers with an empty list. Throws TIMEOUT with the last answer as its
 * lines when the time is up, INTERRUPTED when the signal fires. `missing` may itself throw to give up early.
 */
export async function waitUntilNothingIsMissing(
  wait: Wait,
  missing: () => Promise<readonly string[]>,
  report: (missing: readonly string[]) => void,
): Promise<void> {
  const { clock = SYSTEM_CLOCK, graceMs = 0 } = wait;
  const deadline = clock.now() + wait.timeoutMs;
  let firedAtMs: number | null = null;
  for (;;) {
    if (wait.signal.aborted) firedAtMs ??= clock.now();
    if (firedAtMs !== null && clock.now() - firedAtMs >= graceMs) throwIfInterrupted(wait.signal);
    const rest = await missing();
    if (rest.length === 0) return;
    report(rest);
    if (clock.now() >= deadline) {
      const seconds = wait.timeoutMs / 1000;
      throw new OpsError('TIMEOUT', [`Waited ${seconds} s for ${wait.what}; still missing:`, ...rest].join('\n  '));
    }
    await clock.sleep(wait.pollMs, graceMs > 0 ? undefined : wait.signal);
  }
}

/** Throws INTERRUPTED once the operator has asked to stop. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new OpsError('INTERRUPTED', 'Interrupted by the operator.');
}
