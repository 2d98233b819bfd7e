/** How far a set of moves has come, from many reports to a few events. */
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import type { Emit } from '../events.ts';

/** Events at most this often: a terminal shows no more, and a log should not hold more. */
const EMIT_EVERY_MS = 200;
/** The rate is that of about the last this many milliseconds. */
const RATE_WINDOW_MS = 3000;

export class Tally {
  readonly #emit: Emit;
  readonly #slots: number;
  readonly #keys: number | null;
  readonly #isSlowedDown: () => boolean;
  readonly #clock: Clock;
  readonly #pairs = new Set<string>();
  readonly #samples: { readonly atMs: number; readonly keys: number }[] = [];
  #slotsDone = 0;
  #keysDone = 0;
  #emittedAtMs = 0;

  constructor(
    emit: Emit,
    totals: { readonly slots: number; readonly keys: number | null },
    isSlowedDown: () => boolean,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#emit = emit;
    this.#slots = totals.slots;
    this.#keys = totals.keys;
    this.#isSlowedDown = isSlowedDown;
    this.#clock = clock;
  }

  begin(pair: string): void {
    this.#pairs.add(pair);
    this.#report(true);
  }

  end(pair: string): void {
    this.#pairs.delete(pair);
    this.#report(true);
  }

  slots(count: number): void {
    this.#slotsDone += count;
    this.#report(false);
  }

  keys(count: number): void {
    this.#keysDone += count;
    this.#report(false);
  }

  #report(isUrgent: boolean): void {
    const now = this.#clock.now();
    if (!isUrgent && now - this.#emittedAtMs < EMIT_EVERY_MS) return;
    this.#emittedAtMs = now;
    this.#samples.push({ atMs: now, keys: this.#keysDone });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.atMs ?? now) > RATE_WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0] ?? { atMs: now, keys: this.#keysDone };
    const elapsedMs = now - oldest.atMs;
    const keysPerSecond = elapsedMs > 0 ? ((this.#keysDone - oldest.keys) / elapsedMs) * 1000 : 0;
    const keysLeft = this.#keys === null ? null : Math.max(0, this.#keys - this.#keysDone);
    this.#emit({
      event: 'move-progress',
      slotsDone: this.#slotsDone,
      slots: this.#slots,
      keysDone: this.#keysDone,
      keys: this.#keys,
      keysPerSecond: Math.round(keysPerSecond),
      remainingMs: keysLeft === null || keysPerSecond < 1 ? null : Math.round((keysLeft / keysPerSecond) * 1000),
      pairs: [...this.#pairs],
      isSlowedDown: this.#isSlowedDown(),
    });
  }
}
