/** How many keys does a node have of slots that it does not own? Counted where it shows them, reckoned where it does not. */
import { mapBounded } from '../bounded.ts';
import type { NodeId } from '../model/node.ts';
import { ALL_SLOTS, eachSlot, type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import type { Cluster } from './cluster.ts';
import { aboutShownKeys, hiddenKeys } from './key-questions.ts';
import { countKeysInSlots } from './keys-in-slots.ts';

const CONCURRENT_NODES_MAX = 16;
/** Clients write meanwhile: what is no hidden key does not look like one so many times. */
const LOOKS_MAX = 3;

/** Those of slots in `besides` do not count. Changes nothing. Throws UNREACHABLE, or FAILED where the node does not tell. */
export async function countStrayKeys(cluster: Cluster, node: ReachedNode, besides: SlotSet): Promise<number> {
  const foreign = [...eachSlot(subtractSlots(ALL_SLOTS, unionSlots(node.entry.slots, besides)))];
  const shown = await countKeysInSlots(aboutShownKeys(cluster), node, foreign);
  const hidden = await countHiddenKeys(cluster, node);
  return [...shown.values()].reduce((sum, keys) => sum + keys, hidden);
}

/** Of each reachable primary at least how many keys are hidden: see `hidesForeignKeys`. Throws as {@link countStrayKeys}. */
export async function countHidden(cluster: Cluster, topology: Topology): Promise<ReadonlyMap<NodeId, number>> {
  const primaries = primariesOf(topology).filter(isReached);
  const counts = await mapBounded(
    primaries,
    CONCURRENT_NODES_MAX,
    async (node) => [node.id, await countHiddenKeys(cluster, node)] as const,
  );
  return new Map(counts);
}

async function countHiddenKeys(cluster: Cluster, node: ReachedNode): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 1; look <= LOOKS_MAX && least > 0; look++)
    least = Math.min(least, (await hiddenKeys(cluster, node)).atLeast);
  return least;
}
