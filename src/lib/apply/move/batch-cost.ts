/**
 * What a batch costs, split into what each key adds and what every batch takes however small it is: over a network the
 * round trips of MIGRATE. Smaller batches shorten only the first, so batches are sized by that alone.
 */

/** What a batch counts for, compared to the next one: the last ten or so decide. */
const FORGETTING = 0.9;
/** Where the sizes of the batches differ by less than this share of their average, their times do not tell the two apart. */
const SIZE_SPREAD_MIN = 0.05;
/** About five batches. */
const ROW_WEIGHT_MIN = 4;
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

  /** True where some batches in a row were of one size: what a key and what a batch costs cannot be told apart then. */
  get isMonotonous(): boolean {
    return this.#weight >= ROW_WEIGHT_MIN && !this.#isVaried;
  }

  /** What one more key adds, in milliseconds; where that cannot be told, the whole time is charged to the keys. */
  get perKeyMs(): number {
    const average = this.#ms / this.#keys;
    if (!this.#isVaried) return average;
    const slope = (this.#keysMs / this.#weight - this.#mean * (this.#ms / this.#weight)) / this.#variance;
    return Math.min(Math.max(slope, KEY_SHARE_MIN * average), average);
  }

  get #isVaried(): boolean {
    return this.#variance >= (SIZE_SPREAD_MIN * this.#mean) ** 2;
  }

  get #mean(): number {
    return this.#keys / this.#weight;
  }

  get #variance(): number {
    return this.#keysSquared / this.#weight - this.#mean * this.#mean;
  }
}
