/**
 * Which keys has this run copied? Kept as numbers of 53 bits, eight to sixteen bytes a key: two of ten million keys
 * share one with a chance of one in a hundred.
 */

/** Beyond this many nothing is remembered, and `has` says no: about 1 GB. */
const COUNT_MAX = 40_000_000;
/** Always a power of two, so that a place is a part of the number's bits: a division would take most of the time. */
const CAPACITY_START = 1 << 12;
/** A fuller table is slow to search. */
const LOAD_MAX = 0.5;

export class Fingerprints {
  #table = new Float64Array(CAPACITY_START);
  #count = 0;

  add(key: Uint8Array): void {
    if (this.#count >= COUNT_MAX) return;
    if (this.#count >= this.#table.length * LOAD_MAX) this.#grow();
    if (insert(this.#table, fingerprintOf(key))) this.#count += 1;
  }

  /** How many different keys were added. */
  get count(): number {
    return this.#count;
  }

  has(key: Uint8Array): boolean {
    const print = fingerprintOf(key);
    return this.#table[placeOf(this.#table, print)] === print;
  }

  #grow(): void {
    const larger = new Float64Array(this.#table.length * 2);
    for (const print of this.#table) if (print !== 0) insert(larger, print);
    this.#table = larger;
  }
}

/** False where it was there already. */
function insert(table: Float64Array, print: number): boolean {
  const place = placeOf(table, print);
  const isNew = table[place] === 0;
  table[place] = print;
  return isNew;
}

/** Where it is, or where it would go: 0 marks a free place. */
function placeOf(table: Float64Array, print: number): number {
  const mask = table.length - 1;
  let place = print & mask;
  while (table[place] !== 0 && table[place] !== print) place = (place + 1) & mask;
  return place;
}

const HIGH_FACTOR = 2 ** 21;

/** Two hashes of 32 bits (FNV-1a, and a multiplicative one of another basis), of the second 21 bits; never 0. */
function fingerprintOf(key: Uint8Array): number {
  let first = 0x811c9dc5;
  let second = 0x9747b28c ^ key.length;
  for (let index = 0; index < key.length; index++) {
    const byte = key[index] as number;
    first = Math.imul(first ^ byte, 0x01000193);
    second = Math.imul((second << 5) ^ (second >>> 7) ^ byte, 0x5bd1e995);
  }
  second ^= second >>> 15;
  return (first >>> 0) * HIGH_FACTOR + (second >>> 11) || 1;
}
