/** Waiting in tests: for a state that is to come, never for a time to pass. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** What is waited for, for the failure's message: "the replicas are in sync". */
  readonly what: string;
  readonly withinMs?: number;
}

const WITHIN_MS = 15_000;
const POLL_INTERVAL_MS = 50;

/** The result of the first call of `assertion` that does not throw; else an error with the reason of the last one. */
export async function eventually<Result>(
  assertion: () => Result | Promise<Result>,
  { what, withinMs = WITHIN_MS }: Patience,
): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`Not within ${withinMs} ms: ${what}. Last: ${reason}`, { cause: error });
      }
    }
    await sleep(POLL_INTERVAL_MS);
  }
}
