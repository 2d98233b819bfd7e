/** A clock on which time passes as soon as nobody has anything else to do: hours in milliseconds, and always in order. */
import type { Clock } from '../../src/lib/apply/clock.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class SimulatedClock implements Clock {
  #nowMs = 0;
  #isPumping = false;
  readonly #sleepers: Sleeper[] = [];

  now(): number {
    return this.#nowMs;
  }

  /** Wakes in the order of the times; of the same time, first come, first woken. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = (): void => {
        const place = this.#sleepers.indexOf(sleeper);
        if (place !== -1) this.#sleepers.splice(place, 1);
        resolve();
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { atMs: this.#nowMs + Math.max(ms, 0), wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      const next = this.#sleepers.reduce<Sleeper | null>(
        (first, sleeper) => (first === null || sleeper.atMs < first.atMs ? sleeper : first),
        null,
      );
      if (next === null) return;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      if (this.#sleepers.length > 0) this.#pump();
    });
  }
}
