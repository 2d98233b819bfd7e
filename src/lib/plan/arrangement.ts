/**
 * Shards as rows of seats, the first for the primary and the others for replicas, filled with hosts. (Not with nodes: those
 * of one host are interchangeable.) What the arrangement costs is kept up to date seat by seat.
 */

/** On a seat that nobody has: its shard could take one replica more. */
export const EMPTY = -1;

/** A place in a shard; seat 0 is the primary's. */
export interface Seat {
  readonly shard: number;
  readonly seat: number;
}

/**
 * What is wrong with a placement; the lexicographically smallest is the best. In order: replicas on their primary's
 * host, pairs of replicas of one shard on one host, the same two for zones, and how unevenly the primaries are spread
 * over zones, then over hosts (sums of squares).
 */
export type PlacementCost = readonly [
  replicasOnPrimarysHost: number,
  replicaPairsOnOneHost: number,
  replicasInPrimarysZone: number,
  replicaPairsInOneZone: number,
  zoneSpread: number,
  hostSpread: number,
];

/** Negative where `left` is better, 0 where neither is, positive where `right` is better. */
export function compareCosts(left: PlacementCost, right: PlacementCost): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export class Arrangement {
  readonly #hostCount: number;
  readonly #zoneOf: readonly number[];
  readonly #zoneCount: number;
  readonly #seats: number[][];
  /** Replicas per shard and host (row by row), per shard and zone; primaries per host, per zone. */
  readonly #onHost: Uint16Array;
  readonly #inZone: Uint16Array;
  readonly #primariesOnHost: number[];
  readonly #primariesInZone: number[];
  readonly #cost: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0];

  /** Empty shards with `seatsPerShard` seats each, for hosts 0, 1, … in the zones `zoneOf` (0, 1, …). */
  constructor(zoneOf: readonly number[], shardCount: number, seatsPerShard: number) {
    this.#hostCount = zoneOf.length;
    this.#zoneOf = zoneOf;
    this.#zoneCount = zoneOf.reduce((count, zone) => Math.max(count, zone + 1), 0);
    this.#seats = Array.from({ length: shardCount }, () => new Array<number>(seatsPerShard).fill(EMPTY));
    this.#onHost = new Uint16Array(shardCount * this.#hostCount);
    this.#inZone = new Uint16Array(shardCount * this.#zoneCount);
    this.#primariesOnHost = new Array<number>(this.#hostCount).fill(0);
    this.#primariesInZone = new Array<number>(this.#zoneCount).fill(0);
  }

  /** The cost as it is now; a copy. */
  get cost(): PlacementCost {
    return [...this.#cost];
  }

  /** The hosts of a shard, the primary's first; {@link EMPTY} where nobody sits. */
  shard(index: number): readonly number[] {
    return this.#seats[index] ?? [];
  }

  /** The host on the seat. */
  at({ shard, seat }: Seat): number {
    return this.#seats[shard]?.[seat] ?? EMPTY;
  }

  /** Seats a host; {@link EMPTY} frees the seat. */
  place(at: Seat, host: number): void {
    this.#count(at, -1);
    const row = this.#seats[at.shard];
    if (row) row[at.seat] = host;
    this.#count(at, +1);
  }

  /** Negative where it is now better than `cost`, 0 where neither is, positive where it is worse. */
  compareTo(cost: PlacementCost): number {
    return compareCosts(this.#cost, cost);
  }

  /**
   * Whether exchanging what is on two seats changes anything and keeps the sizes in order: a primary's seat is never
   * left empty, and a shard never has two empty seats.
   */
  canExchange(left: Seat, right: Seat): boolean {
    const [onLeft, onRight] = [this.at(left), this.at(right)];
    if (onLeft === onRight) return false;
    if (onLeft === EMPTY) return right.seat > 0 && !this.shard(right.shard).includes(EMPTY);
    if (onRight === EMPTY) return left.seat > 0 && !this.shard(left.shard).includes(EMPTY);
    return true;
  }

  /** Whether the node on the seat shares its host or its zone with a node of its shard, so that moving it may help. */
  isCrowded({ shard, seat }: Seat): boolean {
    const host = this.at({ shard, seat });
    if (host === EMPTY) return false;
    const zone = this.#zoneOf[host];
    const primary = this.at({ shard, seat: 0 });
    const itself = seat === 0 ? 0 : 1;
    const besidePrimary = seat > 0 && primary !== EMPTY && this.#zoneOf[primary] === zone;
    return besidePrimary || (this.#inZone[shard * this.#zoneCount + (zone ?? 0)] ?? 0) > itself;
  }

  /** Exchanges what is on two seats. Doing it again undoes it. */
  exchange(left: Seat, right: Seat): void {
    const [onLeft, onRight] = [this.at(left), this.at(right)];
    this.place(left, EMPTY);
    this.place(right, onLeft);
    this.place(left, onRight);
  }

  /** Adds (`sign` 1) or takes away (-1) what the host on the seat costs beside all others that are seated. */
  #count({ shard, seat }: Seat, sign: 1 | -1): void {
    const host = this.at({ shard, seat });
    if (host === EMPTY) return;
    const zone = this.#zoneOf[host] ?? 0;
    const hostCell = shard * this.#hostCount + host;
    const zoneCell = shard * this.#zoneCount + zone;
    if (seat === 0) {
      this.#cost[0] += sign * (this.#onHost[hostCell] ?? 0);
      this.#cost[2] += sign * (this.#inZone[zoneCell] ?? 0);
      this.#cost[4] += squareStep(this.#primariesInZone, zone, sign);
      this.#cost[5] += squareStep(this.#primariesOnHost, host, sign);
      return;
    }
    const primary = this.at({ shard, seat: 0 });
    if (primary === host) this.#cost[0] += sign;
    if (primary !== EMPTY && this.#zoneOf[primary] === zone) this.#cost[2] += sign;
    this.#cost[1] += pairStep(this.#onHost, hostCell, sign);
    this.#cost[3] += pairStep(this.#inZone, zoneCell, sign);
  }
}

/** Moves a count by one and returns by how much its square changes. */
function squareStep(counts: number[], index: number, sign: 1 | -1): number {
  const before = counts[index] ?? 0;
  counts[index] = before + sign;
  return (before + sign) ** 2 - before ** 2;
}

/** Moves a count by one and returns by how much the number of pairs changes. */
function pairStep(counts: Uint16Array, index: number, sign: 1 | -1): number {
  const before = counts[index] ?? 0;
  counts[index] = before + sign;
  return sign === 1 ? before : 1 - before;
}
