/**
 * Which slots go from whom to whom, so that everybody has what is due, as few slots as possible are moved, and the
 * slots of a node stay together?
 *
 * Those that have too much give, those that have too little take, and nobody does both: no way moves fewer slots.
 * Always the piece is moved next that leaves the fewest ranges behind:
 *
 *   a whole range that joins slots of its taker       one range fewer, or two
 *   the end of a range, beside slots of its taker     as many as before
 *   a whole range to somebody else                    as many as before
 *   the end of a range to somebody else               one more, and giver or taker have done with it, or both
 *
 * So there are never more than givers + takers - 1 ranges more than before. No range is opened in its middle.
 */
import { assert } from '../assert.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, SLOT_COUNT } from '../model/slot-set.ts';
import type { Ledger, Piece } from './slot-piece.ts';
import { bestPiece, PROMISE_MAX } from './slot-piece.ts';
import type { Stretch } from './slot-stretches.ts';
import { collect, giveAway, giveEnd, stretchesOf } from './slot-stretches.ts';

/** Above every number of slots and every promise; its third power times four is still an exact number. */
const RANK_STEP = SLOT_COUNT + 1;

export interface Party {
  readonly slots: SlotSet;
  /** How many slots it is to have in the end; over all parties as many as there are. */
  readonly due: number;
}

/** Giver and taker as positions among the parties. */
export interface Exchange {
  readonly giver: number;
  readonly taker: number;
  readonly slots: SlotSet;
}

/**
 * One exchange for each giver and taker that have to do with each other, by giver and then by taker. The same parties
 * in the same order always get the same exchanges.
 */
export function exchangeSlots(parties: readonly Party[]): readonly Exchange[] {
  const ledger: Ledger = {
    excess: parties.map(({ slots, due }) => countSlots(slots) - due),
    given: parties.map(() => new Map()),
  };
  const total = ledger.excess.reduce((sum, excess) => sum + excess, 0);
  assert(total === 0, 'what some have too much is what others have too little');
  const offers = new Offers(ledger);
  for (const stretch of stretchesOf(parties.map(({ slots }) => slots))) offers.add(stretch);
  for (let piece = offers.next(); piece !== null; piece = offers.next()) {
    const moved = move(piece, ledger);
    for (const changed of [moved.previous, moved.next]) if (changed) offers.add(changed);
    offers.add(piece.stretch);
  }
  return ledger.given.flatMap((takings, giver) =>
    [...takings].sort(([a], [b]) => a - b).map(([taker, ranges]) => ({ giver, taker, slots: collect(ranges) })),
  );
}

/**
 * The stretches of givers, sorted by the best piece of each, the best of all last. A piece is ranked when its stretch is added
 * and again when it is taken, because moves in between can have made it worse. They make it better only beside the stretches
 * that moved, and these are added again.
 */
class Offers {
  readonly #ledger: Ledger;
  readonly #sorted: { readonly stretch: Stretch; readonly rank: number }[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  add(stretch: Stretch): void {
    const piece = bestPiece(stretch, this.#ledger);
    if (piece !== null) this.#insert(stretch, rankOf(piece));
  }

  /** Takes the best piece out; null where nobody has anything to give any more. */
  next(): Piece | null {
    for (;;) {
      const offer = this.#sorted.pop();
      if (offer === undefined) return null;
      const piece = bestPiece(offer.stretch, this.#ledger);
      if (piece === null) continue;
      const rank = rankOf(piece);
      if (rank <= offer.rank) return piece;
      this.#insert(offer.stretch, rank);
    }
  }

  #insert(stretch: Stretch, rank: number): void {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle]?.rank ?? 0) > rank) low = middle + 1;
      else high = middle;
    }
    this.#sorted.splice(low, 0, { stretch, rank });
  }
}

/**
 * One number to sort pieces by, the best lowest. It counts first how many ranges are added; then, for pieces that join
 * ranges, size before promise, for others promise before size; then the place.
 */
function rankOf({ ranges, promise, count, stretch }: Piece): number {
  const unlikely = PROMISE_MAX - promise;
  // Many small joins are worth more than a large one. All else is best done in large pieces that end somebody's part.
  const [major, minor] = ranges < 0 ? [count, unlikely] : [unlikely, SLOT_COUNT - count];
  return (((ranges + 2) * RANK_STEP + major) * RANK_STEP + minor) * RANK_STEP + stretch.first;
}

/** Moves the piece and notes it in the ledger. Returns the taker's stretch that it is part of now. */
function move({ stretch, taker, count, side }: Piece, { excess, given }: Ledger): Stretch {
  const giver = stretch.owner;
  const { first, last } = stretch;
  const range =
    side === 'whole'
      ? { first, last }
      : side === 'previous'
        ? { first, last: first + count - 1 }
        : { first: last - count + 1, last };
  excess[giver] = (excess[giver] ?? 0) - count;
  excess[taker] = (excess[taker] ?? 0) + count;
  const takings = given[giver];
  takings?.set(taker, [...(takings.get(taker) ?? []), range]);
  return side === 'whole' ? giveAway(stretch, taker) : giveEnd(stretch, side, count, taker);
}
