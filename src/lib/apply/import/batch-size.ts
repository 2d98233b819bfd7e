/**
 * How many keys are read at one time? As many as their values allow, by what the last ones took: so that there is never
 * much here at once. A listing is in the order of hashes, which is no order, so the next keys are like the last ones.
 */

import type { PaceLimits } from '../move/pace.ts';

const KEYS_START = 8;
const BATCHES_PER_SECOND_MIN = 10;
const BYTES_PER_BATCH_MAX = 1024 * 1024;
/** What the average forgets with each batch. */
const FORGETTING = 0.8;
/** However quick the first keys are, a batch is at most so many times the one before. */
const GROWTH_MAX = 2;

export class BatchSize {
  readonly #keysMax: number;
  #keys = KEYS_START;
  #weight = 0;
  #bytes = 0;

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  /** For the next batch; at least 1. Under a rate no more than a part of a second's, so that it goes evenly. */
  keysWithin({ keysPerSecondMax }: PaceLimits): number {
    const share = keysPerSecondMax === null ? this.#keys : keysPerSecondMax / BATCHES_PER_SECOND_MIN;
    return Math.max(1, Math.floor(Math.min(this.#keys, share)));
  }

  /** What so many keys are likely to take. */
  bytesOf(keys: number): number {
    return this.#weight === 0 ? 0 : Math.ceil((this.#bytes / this.#weight) * keys);
  }

  /** So many keys took so many bytes. */
  record(keys: number, bytes: number): void {
    this.#weight = FORGETTING * this.#weight + keys;
    this.#bytes = FORGETTING * this.#bytes + bytes;
    const fitting = BYTES_PER_BATCH_MAX / Math.max(1, this.#bytes / this.#weight);
    this.#keys = Math.max(1, Math.min(fitting, this.#keys * GROWTH_MAX, this.#keysMax));
  }
}
