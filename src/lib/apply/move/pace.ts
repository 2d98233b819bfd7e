/**
 * How fast keys are moved: as fast as the servers can without their other clients having to wait.
 *
 * Three bounds, each of which may be changed while it works: how long one MIGRATE may hold up the source (the batch
 * is made smaller when keys turn out to take longer), a rate of keys per second, and the latency that a probe measures on
 * the loaded nodes.
 */
import { type Clock, SYSTEM_CLOCK, throwIfInterrupted } from '../clock.ts';
import { BatchCost } from './batch-cost.ts';

export interface PaceLimits {
  /** The time that one batch may take, in milliseconds. */
  readonly batchMsMax: number;
  readonly keysPerSecondMax: number | null;
  /** Null: latency is not looked at. */
  readonly latencyMsMax: number | null;
  /** No batch is begun until the operator goes on. Default: false. */
  readonly isPaused?: boolean;
}

const KEYS_PER_BATCH_MIN = 1;
const KEYS_PER_BATCH_MAX = 1000;
const KEYS_PER_BATCH_START = 100;
/** A batch size grows by this factor at most, so that one quick batch does not make the next a long one. */
const GROWTH_MAX = 1.5;
/** How much larger a batch is tried out, now and then, where all have been of one size. */
const TRIAL_GROWTH = 1.25;
/** While the measured latency is above the bound, a pause of this many times the last batch follows each batch, doubled until it is below. */
const PAUSE_FACTOR_MAX = 64;

/** Waits are cut into pieces of this length at most, after each of which the limits are looked at again. */
const LOOK_AGAIN_MS = 100;

export class Pace {
  readonly #limits: () => PaceLimits;
  readonly #clock: Clock;
  readonly #cost = new BatchCost();
  #keysPerBatch = KEYS_PER_BATCH_START;
  #pauseFactor = 0;
  /** Keys that were moved ahead of the rate; time pays them off. */
  #debtKeys = 0;
  #paidAtMs = 0;
  #latencyPauseUntilMs = 0;

  /** `limits` is asked for each batch. */
  constructor(limits: () => PaceLimits, clock: Clock = SYSTEM_CLOCK) {
    this.#limits = limits;
    this.#clock = clock;
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
    this.#cost.record(keys, Math.max(tookMs, 0.01));
    const next = this.#nextSize(keys, this.limits.batchMsMax / this.#cost.perKeyMs);
    this.#keysPerBatch = Math.min(Math.max(next, KEYS_PER_BATCH_MIN), KEYS_PER_BATCH_MAX);
    this.#debtKeys += keys;
    this.#payOff();
    this.#latencyPauseUntilMs = this.#clock.now() + this.#pauseFactor * tookMs;
  }

  #nextSize(keys: number, fitting: number): number {
    // A size that is never varied teaches nothing: batches that a slow moment has shrunk would stay small for ever.
    const isBound = keys >= this.keysPerBatch && fitting <= keys;
    if (isBound && this.#cost.isMonotonous) return Math.max(keys + 1, keys * TRIAL_GROWTH);
    return Math.min(fitting, this.#keysPerBatch * GROWTH_MAX);
  }

  /** A probe took `latencyMs`: above the bound the pauses double, below they halve until there are none. */
  observeLatency(latencyMs: number): void {
    const bound = this.limits.latencyMsMax;
    if (bound !== null && latencyMs > bound)
      this.#pauseFactor = Math.min(Math.max(1, this.#pauseFactor * 2), PAUSE_FACTOR_MAX);
    else this.#pauseFactor = this.#pauseFactor <= 1 ? 0 : this.#pauseFactor / 2;
  }

  /**
   * Returns when the next batch may begin; at once where nothing bounds it. Limits that change meanwhile hold at once.
   * When `signal` has fired a pause holds no longer: what is open is to be moved to its end. Where nothing is open,
   * `whenStopped` is `begin-nothing`: then it throws INTERRUPTED, and no rate is waited for.
   */
  async admit(signal: AbortSignal, whenStopped: 'finish' | 'begin-nothing' = 'finish'): Promise<void> {
    for (;;) {
      if (whenStopped === 'begin-nothing') throwIfInterrupted(signal);
      const isPaused = this.limits.isPaused === true && !signal.aborted;
      const waitMs = isPaused ? LOOK_AGAIN_MS : this.#waitMs();
      if (waitMs <= 0) return;
      // Only a pause is cut short by the signal: the rate is for the sake of the other clients, to the end.
      await this.#clock.sleep(Math.min(waitMs, LOOK_AGAIN_MS), isPaused ? signal : undefined);
    }
  }

  #waitMs(): number {
    this.#payOff();
    const { keysPerSecondMax } = this.limits;
    const throttleMs = keysPerSecondMax === null ? 0 : (this.#debtKeys / keysPerSecondMax) * 1000;
    const latencyMs = this.#pauseFactor === 0 ? 0 : this.#latencyPauseUntilMs - this.#clock.now();
    return Math.max(throttleMs, latencyMs);
  }

  #payOff(): void {
    const now = this.#clock.now();
    const { keysPerSecondMax } = this.limits;
    const paid =
      keysPerSecondMax === null ? Number.POSITIVE_INFINITY : ((now - this.#paidAtMs) / 1000) * keysPerSecondMax;
    // Less than a thousandth of a key is a rounding error, and not worth another wait.
    this.#debtKeys = this.#debtKeys - paid < 0.001 ? 0 : this.#debtKeys - paid;
    this.#paidAtMs = now;
  }
}
