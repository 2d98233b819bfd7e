/** How far a set of moves has come, from many reports to a few events. */
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import type { Emit, MoveProgress } from '../events.ts';

/** Events at most this often: a terminal shows no more, and a log should not hold more. */
const EMIT_EVERY_MS = 200;
/** The rate is that of about the last this many milliseconds. */
const RATE_WINDOW_MS = 3000;

/** What is to be moved; null where it was not measured. */
export interface MoveTotals {
  readonly slots: number;
  readonly keys: number | null;
  readonly bytes: number | null;
}

/** What holds the work back. */
export type PaceState = Pick<MoveProgress, 'isSlowedDown' | 'isPaused' | 'keysPerSecondMax'>;

export class Tally {
  readonly #emit: Emit;
  readonly #totals: MoveTotals;
  readonly #paceState: () => PaceState;
  readonly #clock: Clock;
  readonly #pairs = new Set<string>();
  readonly #samples: { readonly atMs: number; readonly keys: number }[] = [];
  #slotsDone = 0;
  #keysDone = 0;
  #emittedAtMs = 0;

  constructor(emit: Emit, totals: MoveTotals, paceState: () => PaceState, clock: Clock = SYSTEM_CLOCK) {
    this.#emit = emit;
    this.#totals = totals;
    this.#paceState = paceState;
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
    const { slots, keys, bytes } = this.#totals;
    const keysLeft = keys === null ? null : Math.max(0, keys - this.#keysDone);
    this.#emit({
      event: 'move-progress',
      slotsDone: this.#slotsDone,
      slots,
      keysDone: this.#keysDone,
      keys,
      bytesDone: bytes === null ? null : Math.round(bytes * this.#share()),
      bytes,
      keysPerSecond: Math.round(keysPerSecond),
      remainingMs: keysLeft === null || keysPerSecond < 1 ? null : Math.round((keysLeft / keysPerSecond) * 1000),
      pairs: [...this.#pairs],
      ...this.#paceState(),
    });
  }

  /** Of the bytes: by keys where they are told one batch at a time, by slots where servers move ranges as a whole. */
  #share(): number {
    const { slots, keys } = this.#totals;
    if (keys !== null && keys > 0 && this.#keysDone > 0) return Math.min(1, this.#keysDone / keys);
    return slots === 0 ? 1 : this.#slotsDone / slots;
  }
}
