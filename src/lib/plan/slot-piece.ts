/** Which piece of a stretch of slots is best moved next, and to whom? */
import type { Side, Stretch } from './slot-stretches.ts';
import { lengthOf } from './slot-stretches.ts';

/** Who has too many slots, who too few, and what was given so far. Parties are named by their position. */
export interface Ledger {
  /** How many slots too many each party has; negative where it has too few. */
  readonly excess: number[];
  /** For each giver, what each taker got of it. */
  readonly given: readonly Map<number, readonly { readonly first: number; readonly last: number }[]>[];
}

export interface Piece {
  readonly stretch: Stretch;
  readonly taker: number;
  readonly count: number;
  /** Where in the stretch the slots are. */
  readonly side: Side | 'whole';
  /** How many ranges more there are afterwards: -2 to 1. */
  readonly ranges: number;
  /** 0-5: two if the giver then has its due, two if the taker has, and one if a later piece may join this one. */
  readonly promise: number;
}

/** See {@link Piece.promise}. */
export const PROMISE_MAX = 5;

/** The best piece; null where its owner has no slots too many. */
export function bestPiece(stretch: Stretch, ledger: Ledger): Piece | null {
  if (excessOf(ledger, stretch.owner) <= 0) return null;
  let best: Piece | null = null;
  for (const piece of [
    toNeighbour(stretch, 'previous', ledger),
    toNeighbour(stretch, 'next', ledger),
    toAnyone(stretch, ledger),
  ]) {
    if (piece !== null && (best === null || isBetter(piece, best))) best = piece;
  }
  return best;
}

function isBetter(piece: Piece, other: Piece): boolean {
  if (piece.ranges !== other.ranges) return piece.ranges < other.ranges;
  if (piece.promise !== other.promise) return piece.promise > other.promise;
  return piece.count > other.count;
}

function excessOf(ledger: Ledger, party: number): number {
  return ledger.excess[party] ?? 0;
}

function toNeighbour(stretch: Stretch, side: Side, ledger: Ledger): Piece | null {
  const taker = stretch[side]?.owner;
  if (taker === undefined || excessOf(ledger, taker) >= 0) return null;
  const count = Math.min(lengthOf(stretch), excessOf(ledger, stretch.owner), -excessOf(ledger, taker));
  if (count < lengthOf(stretch)) return pieceOf(stretch, side, taker, count, 0, ledger);
  const joins = stretch.previous?.owner === stretch.next?.owner ? 2 : 1;
  return pieceOf(stretch, 'whole', taker, count, -joins, ledger);
}

/** To whoever has its due with exactly that many slots; else to one that got slots of this giver before; else to the neediest. */
function toAnyone(stretch: Stretch, ledger: Ledger): Piece | null {
  const offered = Math.min(lengthOf(stretch), excessOf(ledger, stretch.owner));
  const taker = takerFor(stretch.owner, offered, ledger);
  if (taker === null) return null;
  const count = Math.min(offered, -excessOf(ledger, taker));
  if (count === lengthOf(stretch)) return pieceOf(stretch, 'whole', taker, count, 0, ledger);
  const side = mayBeJoined(stretch, 'next', ledger) || !mayBeJoined(stretch, 'previous', ledger) ? 'next' : 'previous';
  return pieceOf(stretch, side, taker, count, 1, ledger);
}

function takerFor(giver: number, offered: number, { excess, given }: Ledger): number | null {
  let neediest: number | null = null;
  for (const [party, own] of excess.entries()) {
    if (own === -offered) return party;
    if (own < 0 && (neediest === null || own < (excess[neediest] ?? 0))) neediest = party;
  }
  for (const known of given[giver]?.keys() ?? []) if ((excess[known] ?? 0) <= -offered) return known;
  return neediest;
}

function pieceOf(
  stretch: Stretch,
  side: Side | 'whole',
  taker: number,
  count: number,
  ranges: number,
  ledger: Ledger,
): Piece {
  const ended = (count === excessOf(ledger, stretch.owner) ? 1 : 0) + (count === -excessOf(ledger, taker) ? 1 : 0);
  const sides: readonly Side[] = side === 'whole' ? ['previous', 'next'] : [side];
  const joins = count < -excessOf(ledger, taker) && sides.some((one) => mayBeJoined(stretch, one, ledger));
  return { stretch, taker, count, side, ranges, promise: 2 * ended + (joins ? 1 : 0) };
}

/** True where the stretch on that side is a giver's too, so that its slots may follow. */
function mayBeJoined(stretch: Stretch, side: Side, ledger: Ledger): boolean {
  const neighbour = stretch[side];
  return neighbour !== null && excessOf(ledger, neighbour.owner) > 0;
}
