/**
 * What a batch costs, split into what each key adds and what every batch takes however small it is: over a network the
 * round trips of MIGRATE. Smaller batches shorten only the first, so batches are sized by that alone.
 */

/** What a batch counts for, compared to the next one: the last ten or so decide. */
const FORGETTING = 0.9;
/** Where the sizes of the batches differ by less than this share of their average, their times do not tell the two apart. */
const SIZE_SPREAD_MIN = 0.05;
/** A key is never taken for cheaper than this share of the average: measurements are noisy. */
const KEY_SHARE_MIN = 0.02;

/** A line `took = fixed + perKey * keys` through the batches so far, by least squares. */
export class BatchCost {
  #weight = 0;
  #keys = 0;
  #ms = 0;
  #keysSquared = 0;
  #keysMs = 0;

  record(keys: number, tookMs: number): void {
    this.#weight = FORGETTING * this.#weight + 1;
    this.#keys = FORGETTING * this.#keys + keys;
    this.#ms = FORGETTING * this.#ms + tookMs;
    this.#keysSquared = FORGETTING * this.#keysSquared + keys * keys;
    this.#keysMs = FORGETTING * this.#keysMs + keys * tookMs;
  }

  /** What one more key adds, in milliseconds; the whole time is charged to the keys where the two cannot be told apart. */
  get perKeyMs(): number {
    const average = this.#ms / this.#keys;
    const mean = this.#keys / this.#weight;
    const variance = this.#keysSquared / this.#weight - mean * mean;
    if (variance < (SIZE_SPREAD_MIN * mean) ** 2) return average;
    const slope = (this.#keysMs / this.#weight - mean * (this.#ms / this.#weight)) / variance;
    return Math.min(Math.max(slope, KEY_SHARE_MIN * average), average);
  }
}
