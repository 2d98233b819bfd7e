/**
 * How fast keys are moved: as fast as the servers can without their other clients having to wait.
 *
 * Three bounds, each of which may be changed while it works: how long one MIGRATE may hold up the source (the batch
 * is made smaller when the last one took longer), a rate of keys per second, and the latency that a probe measures on
 * the loaded nodes.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface PaceLimits {
  /** The time that one batch may take, in milliseconds. */
  readonly batchMsMax: number;
  readonly keysPerSecondMax: number | null;
  /** Null: latency is not looked at. */
  readonly latencyMsMax: number | null;
}

const KEYS_PER_BATCH_MIN = 1;
const KEYS_PER_BATCH_MAX = 1000;
const KEYS_PER_BATCH_START = 100;
/** A batch size grows by this factor at most, so that one quick batch does not make the next a long one. */
const GROWTH_MAX = 1.5;
/** While the measured latency is above the bound, a pause of this many times the last batch follows each batch, doubled until it is below. */
const PAUSE_FACTOR_MAX = 64;

export class Pace {
  readonly #limits: () => PaceLimits;
  #keysPerBatch = KEYS_PER_BATCH_START;
  #pauseFactor = 0;
  #freeAtMs = 0;

  /** `limits` is asked for each batch. */
  constructor(limits: () => PaceLimits) {
    this.#limits = limits;
  }

  get limits(): PaceLimits {
    return this.#limits();
  }

  /** How many keys the next MIGRATE takes. */
  get keysPerBatch(): number {
    return Math.floor(this.#keysPerBatch);
  }

  /** True while the latency bound slows the work down. */
  get isSlowedDown(): boolean {
    return this.#pauseFactor > 0;
  }

  /** A batch of `keys` keys took `tookMs`: the next is sized by it, and the time until it may begin is reckoned. */
  record(keys: number, tookMs: number): void {
    const perKeyMs = Math.max(tookMs, 0.01) / keys;
    const fitting = this.limits.batchMsMax / perKeyMs;
    const next = Math.min(fitting, this.#keysPerBatch * GROWTH_MAX);
    this.#keysPerBatch = Math.min(Math.max(next, KEYS_PER_BATCH_MIN), KEYS_PER_BATCH_MAX);
    const now = performance.now();
    const begin = Math.max(this.#freeAtMs, now - tookMs);
    this.#freeAtMs = begin + Math.max(this.#dueMs(keys), this.#pauseFactor * tookMs);
  }

  /** A probe took `latencyMs`: above the bound the pauses double, below they halve until there are none. */
  observeLatency(latencyMs: number): void {
    const bound = this.limits.latencyMsMax;
    if (bound !== null && latencyMs > bound)
      this.#pauseFactor = Math.min(Math.max(1, this.#pauseFactor * 2), PAUSE_FACTOR_MAX);
    else this.#pauseFactor = this.#pauseFactor <= 1 ? 0 : this.#pauseFactor / 2;
  }

  /** Returns when the next batch may begin; at once where nothing bounds it. */
  async admit(): Promise<void> {
    const waitMs = this.#freeAtMs - performance.now();
    const isBound = this.limits.keysPerSecondMax !== null || this.#pauseFactor > 0;
    if (isBound && waitMs > 0) await sleep(waitMs);
  }

  #dueMs(keys: number): number {
    const { keysPerSecondMax } = this.limits;
    return keysPerSecondMax === null ? 0 : (keys / keysPerSecondMax) * 1000;
  }
}
