/** Where keys are, slot by slot: what COUNTKEYSINSLOT of every primary says. */
import { mapBounded } from '../bounded.ts';
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { ALL_SLOTS, eachSlot, subtractSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import type { Cluster } from './cluster.ts';

const CONCURRENT_NODES_MAX = 16;
/** Commands in one round trip: a server serves nobody else while it works through them, so they stay below a millisecond or two. */
const SLOTS_PER_CALL_MAX = 1024;

/** For each reachable primary, the slots that it does not own but has keys of, with their number. */
export async function keysInForeignSlots(
  cluster: Cluster,
  topology: Topology,
): Promise<ReadonlyMap<NodeId, ReadonlyMap<number, number>>> {
  const primaries = primariesOf(topology).filter(isReached);
  const counts = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const counted = await countKeys(cluster, node, subtractSlots(ALL_SLOTS, node.entry.slots));
    return [node.id, counted] as const;
  });
  return new Map(counts);
}

async function countKeys(cluster: Cluster, node: TopologyNode, slots: SlotSet): Promise<ReadonlyMap<number, number>> {
  const all = [...eachSlot(slots)];
  const counts = new Map<number, number>();
  for (let from = 0; from < all.length; from += SLOTS_PER_CALL_MAX) {
    const part = all.slice(from, from + SLOTS_PER_CALL_MAX);
    const replies = await cluster.callMany(
      node.address,
      part.map((slot) => argv.clusterCountKeysInSlot(slot)),
    );
    for (const [index, reply] of replies.entries()) {
      if (typeof reply === 'number' && reply > 0) counts.set(part[index] as number, reply);
      if (reply instanceof Error) throw reply;
    }
  }
  return counts;
}
