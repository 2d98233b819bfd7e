/** Waiting for what the system does not announce, never longer than a named bound. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a condition is looked at: short against the start of a server (about 30 ms). */
const POLL_INTERVAL_MS = 10;

/** True once `condition` holds, false where it did not within `timeoutMs`. It is looked at once at least. */
export async function poll(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(POLL_INTERVAL_MS);
  }
}
