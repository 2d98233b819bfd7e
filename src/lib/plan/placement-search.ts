/**
 * Improves an arrangement by exchanging what is on two seats, until no exchange helps, and no two or three made together.
 * Deterministic, and bounded in work.
 */
import type { Arrangement, PlacementCost, Seat } from './arrangement.ts';

/** After so many tried exchanges the search stops with what it has. About 100 ms. */
const TRIALS_MAX = 500_000;

/** How many exchanges are tried together where fewer do not help. */
const EXCHANGES_AT_ONCE_MAX = 3;

/** Of shards that are alike no more than this are tried: so many are all that connected exchanges can involve. */
const ALIKE_SHARDS_MAX = EXCHANGES_AT_ONCE_MAX + 1;

/**
 * Lowers the arrangement's cost in place, and stops early once it is down to `bound`, below which no cost can be.
 * What it leaves cannot be improved by one exchange, nor by two or three of which each shares a shard with the one before,
 * unless the bound on its work ended it earlier.
 */
export function improve(arrangement: Arrangement, shardCount: number, bound: PlacementCost): void {
  const search: Search = { arrangement, bound, seats: [], trialsLeft: TRIALS_MAX };
  let isBetter = true;
  while (isBetter) {
    search.seats = unlikeSeats(arrangement, shardCount);
    isBetter = exchangeOnce(search);
    for (let count = 2; !isBetter && count <= EXCHANGES_AT_ONCE_MAX; count++) isBetter = exchangeSeveral(search, count);
  }
}

interface Search {
  readonly arrangement: Arrangement;
  readonly bound: PlacementCost;
  /** The seats that are worth trying. */
  seats: readonly Seat[];
  trialsLeft: number;
}

/** The seats that are worth trying: a few of the shards that are alike, and one of the seats that are alike in a shard. */
function unlikeSeats(arrangement: Arrangement, shardCount: number): readonly Seat[] {
  const alike = new Map<string, number>();
  const seats: Seat[] = [];
  for (let shard = 0; shard < shardCount; shard++) {
    const [primary, ...replicas] = arrangement.shard(shard);
    const likeness = `${primary}:${replicas.sort((left, right) => left - right).join()}`;
    const seen = alike.get(likeness) ?? 0;
    if (seen === ALIKE_SHARDS_MAX) continue;
    alike.set(likeness, seen + 1);
    for (const [seat, host] of arrangement.shard(shard).entries()) {
      if (seat === 0 || arrangement.shard(shard).indexOf(host, 1) === seat) seats.push({ shard, seat });
    }
  }
  return seats;
}

/**
 * One pass over the pairs of seats. Keeps every exchange that lowers the cost, and returns whether any did. At least one seat
 * of a pair is a primary's, or shares its host or zone with another of its shard: no other exchange can help.
 */
function exchangeOnce(search: Search): boolean {
  const { arrangement, bound, seats } = search;
  let best = arrangement.cost;
  let isBetter = false;
  const crowded = seats.filter((seat) => arrangement.isCrowded(seat));
  const primaries = seats.filter((seat) => seat.seat === 0 && !arrangement.isCrowded(seat));
  for (const left of [...crowded, ...primaries]) {
    if (arrangement.compareTo(bound) <= 0) return false;
    for (const right of seats) {
      if (!arrangement.canExchange(left, right)) continue;
      if (search.trialsLeft-- <= 0) return false;
      arrangement.exchange(left, right);
      if (arrangement.compareTo(best) < 0) {
        best = arrangement.cost;
        isBetter = true;
      } else arrangement.exchange(left, right);
    }
  }
  return isBetter;
}

/**
 * Makes the first `count` exchanges that together lower the cost, and returns whether there were such. Each shares a shard
 * with the one before; a single one may raise the cost.
 */
function exchangeSeveral(search: Search, count: number): boolean {
  const { arrangement, bound } = search;
  if (arrangement.compareTo(bound) <= 0) return false;
  return chain(search, count, arrangement.cost, search.seats);
}

function chain(search: Search, count: number, before: PlacementCost, starts: readonly Seat[]): boolean {
  const { arrangement, seats } = search;
  for (const left of starts) {
    for (const right of seats) {
      if (search.trialsLeft <= 0) return false;
      if (!arrangement.canExchange(left, right)) continue;
      search.trialsLeft--;
      arrangement.exchange(left, right);
      if (arrangement.compareTo(before) < 0) return true;
      if (count > 1) {
        const touched = seats.filter((seat) => seat.shard === left.shard || seat.shard === right.shard);
        if (chain(search, count - 1, before, touched)) return true;
      }
      arrangement.exchange(left, right);
    }
  }
  return false;
}
