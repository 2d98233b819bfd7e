/**
 * Betters an arrangement until nothing betters it: exchanges what is on two seats, and where no single exchange helps,
 * makes two exchanges at once. Deterministic, and bounded in work.
 */
import type { Arrangement, PlacementCost, Seat } from './arrangement.ts';

/** After so many tried exchanges the search stops with what it has. About 100 ms. */
const TRIALS_MAX = 1_000_000;

/** Two exchanges that touch each other involve at most three shards, so of shards that are alike three are looked at. */
const ALIKE_SHARDS_MAX = 3;

/**
 * Lowers the arrangement's cost in place, and stops early once it is down to `bound`, below which no cost can be.
 * What it returns cannot be bettered by one exchange, nor by two that share a shard, unless the bound on its work ended
 * it first.
 */
export function improve(arrangement: Arrangement, shardCount: number, bound: PlacementCost): void {
  const budget = { trials: TRIALS_MAX };
  for (;;) {
    const seats = unlikeSeats(arrangement, shardCount);
    if (exchangeOnce(arrangement, seats, bound, budget)) continue;
    if (!exchangeTwice(arrangement, seats, bound, budget)) return;
  }
}

interface Budget {
  trials: number;
}

/** The seats that are worth trying: of shards that are alike, and of seats that are alike in a shard, not all. */
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

/** One pass over all pairs of seats that keeps every exchange that betters; whether any did. */
function exchangeOnce(arrangement: Arrangement, seats: readonly Seat[], bound: PlacementCost, budget: Budget): boolean {
  let isBetter = false;
  for (const [left, right] of pairs(seats)) {
    if (budget.trials <= 0 || arrangement.compareTo(bound) <= 0) return false;
    if (!arrangement.canExchange(left, right)) continue;
    budget.trials--;
    const before = arrangement.cost;
    arrangement.exchange(left, right);
    if (arrangement.compareTo(before) < 0) isBetter = true;
    else arrangement.exchange(left, right);
  }
  return isBetter;
}

/** Keeps the first two exchanges that better together, the second in a shard of the first; whether there were such. */
function exchangeTwice(
  arrangement: Arrangement,
  seats: readonly Seat[],
  bound: PlacementCost,
  budget: Budget,
): boolean {
  if (arrangement.compareTo(bound) <= 0) return false;
  const before = arrangement.cost;
  for (const [left, right] of pairs(seats)) {
    if (budget.trials <= 0) return false;
    if (!arrangement.canExchange(left, right)) continue;
    arrangement.exchange(left, right);
    const touched = seats.filter((seat) => seat.shard === left.shard || seat.shard === right.shard);
    for (const near of touched) {
      for (const far of seats) {
        if (!arrangement.canExchange(near, far)) continue;
        budget.trials--;
        arrangement.exchange(near, far);
        if (arrangement.compareTo(before) < 0) return true;
        arrangement.exchange(near, far);
      }
    }
    arrangement.exchange(left, right);
  }
  return false;
}

function* pairs(seats: readonly Seat[]): Generator<readonly [Seat, Seat]> {
  for (const [index, left] of seats.entries()) for (const right of seats.slice(0, index)) yield [left, right];
}
