/**
 * Betters an arrangement until nothing betters it: exchanges what is on two seats, and where no single exchange helps,
 * makes two exchanges at once. Deterministic, and bounded in work.
 */
import type { Arrangement, PlacementCost, Seat } from './arrangement.ts';
import { compareCosts } from './arrangement.ts';

/** After so many tried exchanges the search stops with what it has. About 100 ms. */
const TRIALS_MAX = 700_000;

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

/**
 * One pass over all pairs of seats that keeps every exchange that betters; whether any did. Of two seats that neither
 * share a host or zone in their shards nor are a primary's, no exchange betters anything.
 */
function exchangeOnce(arrangement: Arrangement, seats: readonly Seat[], bound: PlacementCost, budget: Budget): boolean {
  let best = arrangement.cost;
  let isBetter = false;
  const crowded = seats.filter((seat) => arrangement.isCrowded(seat));
  const primaries = seats.filter((seat) => seat.seat === 0 && !arrangement.isCrowded(seat));
  for (const left of [...crowded, ...primaries]) {
    if (arrangement.compareTo(bound) <= 0) return false;
    for (const right of seats) {
      if (!arrangement.canExchange(left, right)) continue;
      if (budget.trials-- <= 0) return false;
      arrangement.exchange(left, right);
      if (arrangement.compareTo(best) < 0) {
        best = arrangement.cost;
        isBetter = true;
      } else arrangement.exchange(left, right);
    }
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
  const before = arrangement.cost;
  if (compareCosts(before, bound) <= 0) return false;
  for (const left of seats) {
    for (const right of seats) {
      if (right === left) break;
      if (!arrangement.canExchange(left, right)) continue;
      arrangement.exchange(left, right);
      for (const near of seats) {
        if (near.shard !== left.shard && near.shard !== right.shard) continue;
        for (const far of seats) {
          if (budget.trials-- <= 0) {
            arrangement.exchange(left, right);
            return false;
          }
          if (!arrangement.canExchange(near, far)) continue;
          arrangement.exchange(near, far);
          if (arrangement.compareTo(before) < 0) return true;
          arrangement.exchange(near, far);
        }
      }
      arrangement.exchange(left, right);
    }
  }
  return false;
}
