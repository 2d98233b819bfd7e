/**
 * Did every slot stay in its shard while the data was copied? The keys of one that moved may be in two files or in none. A
 * failover inside a shard moves no keys, so it is allowed.
 */
import { countInWords, listInWords, slotsInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, primariesOf, replicasOf } from '../model/topology.ts';
import type { SaveShard } from './backup.ts';

/** What happened to each shard that changed, a phrase each; none where every slot stayed. */
export function movedShards(shards: readonly SaveShard[], before: Topology, after: Topology): readonly string[] {
  return shards.flatMap(({ primary, slots }) => {
    const members = new Set<NodeId>([primary.id, ...replicasOf(before, primary.id).map(({ id }) => id)]);
    const owners = primariesOf(after).filter(({ id, entry }) => members.has(id) && entry.slots.length > 0);
    const owned: SlotSet = unionSlots(...owners.map(({ entry }) => entry.slots));
    const [gone, come] = [subtractSlots(slots, owned), subtractSlots(owned, slots)];
    if (gone.length > 0) return [`${slotsInWords(gone)} left the shard of ${primary.address}`];
    if (come.length > 0) return [`${slotsInWords(come)} came to the shard of ${primary.address}`];
    // The same owner with a new config epoch: slots went away and came back meanwhile.
    const [was, is] = [findNode(before, primary.id), owners.find(({ id }) => id === primary.id)];
    const isNew = was !== undefined && is !== undefined && is.entry.configEpoch !== was.entry.configEpoch;
    return isNew ? [`slots of ${primary.address} moved: its config epoch is ${is.entry.configEpoch} now`] : [];
  });
}

/** All that {@link movedShards} found, in one sentence. */
export function movedInWords(moved: readonly string[]): string {
  return `${countInWords(moved.length, 'shard')} changed while the backup was taken: ${listInWords(moved)}.`;
}
