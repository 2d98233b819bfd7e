/** Where keys are, slot by slot: what COUNTKEYSINSLOT of every primary says, over all logical databases. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { ALL_SLOTS, eachSlot, subtractSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, keysByDatabase, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster } from './cluster.ts';

const CONCURRENT_NODES_MAX = 16;
/** Commands in one round trip: a server serves nobody else while it works through them, so they stay below a millisecond or two. */
const SLOTS_PER_CALL_MAX = 1024;

/**
 * For each reachable primary, the slots that it does not own but has keys of, with their number. Throws UNREACHABLE, or
 * FAILED where a server does not tell.
 */
export async function keysInForeignSlots(
  cluster: Cluster,
  topology: Topology,
): Promise<ReadonlyMap<NodeId, ReadonlyMap<number, number>>> {
  const primaries = primariesOf(topology).filter(isReached);
  const counts = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const foreign = [...eachSlot(subtractSlots(ALL_SLOTS, node.entry.slots))];
    return [node.id, await countKeysInSlots(cluster, node, foreign)] as const;
  });
  return new Map(counts);
}

/** How many keys the node has of these slots; slots without keys are left out. Throws as {@link keysInForeignSlots}. */
export async function countKeysInSlots(
  cluster: Cluster,
  node: ReachedNode,
  slots: readonly number[],
): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const database of databasesWithKeys(node)) {
    for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
      const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
      const commands = part.map((slot) => argv.clusterCountKeysInSlot(slot));
      const replies = await cluster.callMany(node.address, commands, { database });
      for (const [index, reply] of replies.entries()) {
        if (reply instanceof ReplyError) throw keysNotTold(node, reply);
        const slot = part[index] as number;
        if (Number(reply) > 0) counts.set(slot, (counts.get(slot) ?? 0) + Number(reply));
      }
    }
  }
  return counts;
}

/** The logical databases that hold keys: more than one only in Valkey 9. */
export function databasesWithKeys({ reach }: ReachedNode): readonly number[] {
  return keysByDatabase(reach.view).map(({ index }) => index);
}

/** FAILED, for a server that refuses to count or to list keys. */
export function keysNotTold({ address }: ReachedNode, reply: ReplyError): OpsError {
  return new OpsError('FAILED', `Node ${formatAddress(address)} does not tell which keys it has: ${reply.message}`, {
    suggestions: ['Log in as a user who may CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT.'],
    cause: reply,
  });
}
