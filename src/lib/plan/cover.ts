/** Who gets slots that nobody owns and that have no keys? They are shared out evenly, and the same way each time. */
import type { NodeId } from '../model/node.ts';
import { byId } from '../model/node.ts';
import { countSlots } from '../model/slot-set.ts';
import type { TopologyNode } from '../model/topology.ts';

export interface Taker {
  readonly id: NodeId;
  /** How many it has already. */
  readonly slots: number;
}

/**
 * The new owner of each slot. How many a taker gets: each slot goes to whoever has the fewest by then, of several to the one
 * with the lowest id. Which ones: takers are served by id, each with neighbouring slots. There must be at least one taker.
 */
export function shareOut(slots: readonly number[], takers: readonly Taker[]): ReadonlyMap<number, NodeId> {
  const sorted = [...takers].sort(byId);
  const counts = sorted.map((taker) => taker.slots);
  const shares = sorted.map(() => 0);
  for (let left = slots.length; left > 0; left--) {
    const least = counts.indexOf(Math.min(...counts));
    counts[least] = (counts[least] ?? 0) + 1;
    shares[least] = (shares[least] ?? 0) + 1;
  }
  const owners = new Map<number, NodeId>();
  let next = 0;
  for (const [index, { id }] of sorted.entries()) {
    const end = next + (shares[index] ?? 0);
    for (const slot of slots.slice(next, end)) owners.set(slot, id);
    next = end;
  }
  return owners;
}

/** A primary as a taker. */
export function takerOf({ id, entry }: TopologyNode): Taker {
  return { id, slots: countSlots(entry.slots) };
}
