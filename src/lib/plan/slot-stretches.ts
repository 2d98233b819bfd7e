/** All slots as a line of stretches: neighbouring slots of one owner. Each can be given away whole or at its ends. */
import type { SlotSet } from '../model/slot-set.ts';
import { slotSet } from '../model/slot-set.ts';

/** `previous` and `next` touch it; null at the ends of the line and beside slots that nobody owns. */
export interface Stretch {
  first: number;
  last: number;
  owner: number;
  previous: Stretch | null;
  next: Stretch | null;
}

export type Side = 'previous' | 'next';

export function lengthOf({ first, last }: Stretch): number {
  return last - first + 1;
}

/** One stretch for each range, ascending. An owner is the position of its slots in `slotsOfOwners`; no slot has two. */
export function stretchesOf(slotsOfOwners: readonly SlotSet[]): readonly Stretch[] {
  const stretches = slotsOfOwners
    .flatMap((slots, owner) =>
      slots.map(([first, last]): Stretch => ({ first, last, owner, previous: null, next: null })),
    )
    .sort((a, b) => a.first - b.first);
  for (const [index, stretch] of stretches.entries()) {
    const next = stretches[index + 1];
    if (next?.first !== stretch.last + 1) continue;
    stretch.next = next;
    next.previous = stretch;
  }
  return stretches;
}

/** Gives the whole stretch another owner, and merges it with neighbours that are this owner's already. Returns it. */
export function giveAway(stretch: Stretch, owner: number): Stretch {
  stretch.owner = owner;
  for (const side of ['previous', 'next'] as const) {
    const neighbour = stretch[side];
    if (neighbour?.owner === owner) absorb(stretch, neighbour, side);
  }
  return stretch;
}

/** Gives `count` slots at one side, fewer than there are, another owner. Returns the stretch that they are part of then. */
export function giveEnd(stretch: Stretch, side: Side, count: number, owner: number): Stretch {
  const neighbour = stretch[side];
  const end: Stretch =
    side === 'previous'
      ? { first: stretch.first, last: stretch.first + count - 1, owner, previous: neighbour, next: stretch }
      : { first: stretch.last - count + 1, last: stretch.last, owner, previous: stretch, next: neighbour };
  if (side === 'previous') stretch.first += count;
  else stretch.last -= count;
  if (neighbour) neighbour[opposite(side)] = end;
  stretch[side] = end;
  if (neighbour?.owner === owner) absorb(end, neighbour, side);
  return end;
}

/** The slots of some ranges as a set. */
export function collect(ranges: readonly Pick<Stretch, 'first' | 'last'>[]): SlotSet {
  return slotSet(ranges.map(({ first, last }) => [first, last]));
}

function absorb(stretch: Stretch, neighbour: Stretch, side: Side): void {
  if (side === 'previous') stretch.first = neighbour.first;
  else stretch.last = neighbour.last;
  const beyond = neighbour[side];
  stretch[side] = beyond;
  if (beyond) beyond[opposite(side)] = stretch;
}

function opposite(side: Side): Side {
  return side === 'previous' ? 'next' : 'previous';
}
