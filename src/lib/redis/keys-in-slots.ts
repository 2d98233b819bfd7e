/** Where keys are, slot by slot: what COUNTKEYSINSLOT of every primary says, over all logical databases. */
import { mapBounded } from '../bounded.ts';
import type { NodeId } from '../model/node.ts';
import { ALL_SLOTS, eachSlot, subtractSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, keysByDatabase, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import type { Cluster } from './cluster.ts';
import { aboutShownKeys, type KeyQuestions } from './key-questions.ts';

const CONCURRENT_NODES_MAX = 16;

/**
 * For each reachable primary, the slots that it does not own but has keys of, with their number. Throws UNREACHABLE, or
 * FAILED where a server does not tell. A server that hides such keys (`hidesForeignKeys`) is taken at its word: who only looks
 * puts no mark on a slot. See `stray-keys.ts`.
 */
export async function keysInForeignSlots(
  cluster: Cluster,
  topology: Topology,
): Promise<ReadonlyMap<NodeId, ReadonlyMap<number, number>>> {
  const primaries = primariesOf(topology).filter(isReached);
  const counts = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const foreign = [...eachSlot(subtractSlots(ALL_SLOTS, node.entry.slots))];
    return [node.id, await countKeysInSlots(aboutShownKeys(cluster), node, foreign)] as const;
  });
  return new Map(counts);
}

/** How many keys the node has of these slots; slots without keys are left out. Throws as {@link keysInForeignSlots}. */
export async function countKeysInSlots(
  ask: KeyQuestions,
  node: ReachedNode,
  slots: readonly number[],
): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const database of databasesWithKeys(node)) {
    for (const [slot, count] of await ask(node, database, slots, argv.clusterCountKeysInSlot))
      if (Number(count) > 0) counts.set(slot, (counts.get(slot) ?? 0) + Number(count));
  }
  return counts;
}

/** The logical databases that hold keys: more than one only in Valkey 9. */
export function databasesWithKeys({ reach }: ReachedNode): readonly number[] {
  return keysByDatabase(reach.view).map(({ index }) => index);
}
