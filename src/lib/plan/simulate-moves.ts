/** What becomes of the nodes between which slots move. */
import { assert } from '../assert.ts';
import type { NodeEntry, NodeId, OpenSlot } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import { hasSlot, intersectSlots, type SlotSet, slotSetOf, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { MoveSlots, NodeRef } from './plan.ts';
import { knownTo, nodeNamed } from './simulated-views.ts';

/**
 * What source and target say of themselves after the move, and the target's replicas. The target takes a new config
 * epoch, the highest of all, unless it has that already: without it nobody would believe that the slots are its own.
 * Source: `clusterBumpConfigEpochWithoutConsensus`, at SETSLOT NODE as at the end of an atomic move; all versions. An
 * emptied source stays what it is here, because whether it becomes a replica is for its settings to say.
 */
export function movedEntries(
  topology: Topology,
  edited: ReadonlyMap<NodeId, NodeEntry>,
  { source, target, slots }: MoveSlots,
): readonly NodeEntry[] {
  const known = knownTo(topology, target).map((other) => edited.get(other.id) ?? other);
  const entryOf = (ref: NodeRef): NodeEntry => edited.get(ref.id) ?? nodeNamed(topology, ref).entry;
  const [giving, taking] = [entryOf(source), entryOf(target)];
  assert(source.id !== target.id, `${source.address} moves slots to another node`);
  // Slots that the target owns already, but that somebody still has open, are only closed: see `remaining.ts`.
  const given = subtractSlots(slots, intersectSlots(taking.slots, openIn(topology, edited)));
  assert(subtractSlots(given, giving.slots).length === 0, `${source.address} owns the slots that it gives`);
  assert(
    known.some(({ id }) => id === source.id),
    `${target.address} knows ${source.address} before it takes slots`,
  );
  const parties = given.length === 0 ? [taking] : [giving, taking];
  for (const entry of parties) assert(roleOf(entry) === 'primary', 'only primaries give and take slots');
  const current = currentEpochOf(topology, target);
  const highest = known.reduce((epoch, entry) => Math.max(epoch, entry.configEpoch), current);
  const configEpoch = taking.configEpoch === highest && highest > 0 ? highest : highest + 1;
  const still = ({ slot }: OpenSlot): boolean => !hasSlot(slots, slot);
  const closed = (entry: NodeEntry): Pick<NodeEntry, 'migrating' | 'importing'> => ({
    migrating: entry.migrating.filter(still),
    importing: entry.importing.filter(still),
  });
  return [
    { ...giving, ...closed(giving), slots: subtractSlots(giving.slots, slots) },
    { ...taking, ...closed(taking), slots: unionSlots(taking.slots, slots), configEpoch },
    ...topology.nodes
      .map((node) => edited.get(node.id) ?? node.entry)
      .filter(({ primaryId }) => primaryId === target.id)
      .map((entry) => ({ ...entry, configEpoch })),
  ];
}

/** All slots that some node has open. */
function openIn(topology: Topology, edited: ReadonlyMap<NodeId, NodeEntry>): SlotSet {
  const entries = topology.nodes.filter(isReached).map((node) => edited.get(node.id) ?? node.entry);
  return slotSetOf(entries.flatMap(({ migrating, importing }) => [...migrating, ...importing].map(({ slot }) => slot)));
}

/** The epoch of the last election or move that the node has heard of; 0 where it does not say. */
function currentEpochOf(topology: Topology, { id }: NodeRef): number {
  const node = findNode(topology, id);
  const { cluster_current_epoch: epoch = '0' } = node?.reach.ok ? node.reach.view.clusterInfo : {};
  return Number(epoch);
}
