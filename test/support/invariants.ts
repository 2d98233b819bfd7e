/** What must hold of every topology that a plan passes through, whatever it does. */
import { assert } from '../../src/lib/assert.ts';
import type { NodeId } from '../../src/lib/model/node.ts';
import {
  ALL_SLOTS,
  formatSlots,
  hasSlot,
  intersectSlots,
  NO_SLOTS,
  subtractSlots,
  unionSlots,
} from '../../src/lib/model/slot-set.ts';
import type { Topology } from '../../src/lib/model/topology.ts';

/** The nodes that claim the slot by their own word, or by others' where they do not answer. */
export function slotOwners(topology: Topology, slot: number): readonly NodeId[] {
  return topology.nodes.filter(({ entry }) => hasSlot(entry.slots, slot)).map(({ id }) => id);
}

/** Throws AssertionFailure where two nodes claim a slot, or, for `every-slot`, where none does. */
export function assertSlotsOwnedOnce(topology: Topology, which: 'every-slot' | 'assigned-slots'): void {
  let owned = NO_SLOTS;
  for (const { entry } of topology.nodes) {
    const slot = intersectSlots(owned, entry.slots)[0]?.[0];
    if (slot !== undefined)
      assert(false, `slot ${slot} has one owner, not ${slotOwners(topology, slot).join(' and ')}`);
    owned = unionSlots(owned, entry.slots);
  }
  const orphaned = subtractSlots(ALL_SLOTS, owned);
  if (which === 'every-slot') assert(orphaned.length === 0, `every slot has an owner, also ${formatSlots(orphaned)}`);
}
