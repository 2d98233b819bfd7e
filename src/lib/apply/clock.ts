/** Waiting: always for a condition, always with a bound that has a name. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OpsError } from '../errors.ts';

export interface Wait {
  /** Completes "Waiting for …". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
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
  const deadline = performance.now() + wait.timeoutMs;
  for (;;) {
    throwIfInterrupted(wait.signal);
    const rest = await missing();
    if (rest.length === 0) return;
    report(rest);
    if (performance.now() >= deadline) {
      const seconds = wait.timeoutMs / 1000;
      throw new OpsError('TIMEOUT', [`Waited ${seconds} s for ${wait.what}; still missing:`, ...rest].join('\n  '));
    }
    await sleep(wait.pollMs, undefined, { signal: wait.signal }).catch(() => undefined);
  }
}

/** Throws INTERRUPTED once the operator has asked to stop. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new OpsError('INTERRUPTED', 'Interrupted by the operator.');
}
