/** What must hold of every topology that a plan passes through, whatever it does. */
import { assert } from '../assert.ts';
import type { NodeId } from './node.ts';
import { eachSlot, SLOT_COUNT } from './slot-set.ts';
import type { Topology } from './topology.ts';

/** The nodes that claim each slot by their own word (others' where they do not answer); unclaimed slots are absent. */
export function slotOwners(topology: Topology): ReadonlyMap<number, readonly NodeId[]> {
  const owners = new Map<number, NodeId[]>();
  for (const { id, entry } of topology.nodes) {
    for (const slot of eachSlot(entry.slots)) {
      const known = owners.get(slot);
      if (known) known.push(id);
      else owners.set(slot, [id]);
    }
  }
  return owners;
}

/** Throws AssertionFailure where two nodes claim a slot, or, with `everySlot`, where none does. */
export function assertSlotsOwnedOnce(topology: Topology, everySlot: 'every-slot' | 'assigned-slots'): void {
  const owners = slotOwners(topology);
  for (const [slot, ids] of owners) assert(ids.length === 1, `slot ${slot} has one owner, not ${ids.join(' and ')}`);
  if (everySlot === 'every-slot')
    assert(owners.size === SLOT_COUNT, `all slots have an owner, not ${owners.size} of them`);
}
