/** Reading which primaries have keys of which slots: of all slots that they do not own, and of those in question. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { SharedKey, SlotEvidence } from '../model/slot-evidence.ts';
import { ALL_SLOTS, eachSlot, hasSlot, type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, keysByDatabase, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster } from './cluster.ts';

const CONCURRENT_NODES_MAX = 16;
/** Commands in one round trip: a server serves nobody else while it works through them. */
const SLOTS_PER_CALL_MAX = 1024;
/** Of one slot at one node. Of a slot with more keys the shared ones are found when the keys move. */
const KEYS_LISTED_MAX = 100_000;

/** Changes nothing. Throws UNREACHABLE, or FAILED where a server does not tell. */
export async function readSlotEvidence(cluster: Cluster, topology: Topology, suspect: SlotSet): Promise<SlotEvidence> {
  const primaries = primariesOf(topology).filter(isReached);
  const counted = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const first = await countKeys(cluster, node, [
      ...eachSlot(unionSlots(subtractSlots(ALL_SLOTS, node.entry.slots), suspect)),
    ]);
    return { node, keys: first };
  });
  const strays = new Set(
    counted.flatMap(({ node, keys }) => [...keys.keys()].filter((slot) => !hasSlot(node.entry.slots, slot))),
  );
  // The owners' keys of slots that others have keys of.
  for (const { node, keys } of counted) {
    const missing = [...strays].filter((slot) => hasSlot(node.entry.slots, slot) && !keys.has(slot));
    for (const [slot, count] of await countKeys(cluster, node, missing)) keys.set(slot, count);
  }
  const keys = new Map(counted.map((each) => [each.node.id, each.keys] as const));
  return { keys, shared: await findShared(cluster, primaries, keys) };
}

/** Over all databases; slots without keys are left out. */
async function countKeys(cluster: Cluster, node: ReachedNode, slots: readonly number[]): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const database of databasesWithKeys(node)) {
    for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
      const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
      const commands = part.map((slot) => argv.clusterCountKeysInSlot(slot));
      const replies = await cluster.callMany(node.address, commands, { database });
      for (const [index, reply] of replies.entries()) {
        if (reply instanceof ReplyError) throw refused(node, reply);
        const slot = part[index] as number;
        if (Number(reply) > 0) counts.set(slot, (counts.get(slot) ?? 0) + Number(reply));
      }
    }
  }
  return counts;
}

/** More than one only in Valkey 9. */
function databasesWithKeys({ reach }: ReachedNode): readonly number[] {
  return keysByDatabase(reach.view).map(({ index }) => index);
}

async function findShared(
  cluster: Cluster,
  primaries: readonly ReachedNode[],
  keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>,
): Promise<readonly SharedKey[]> {
  const holders = new Map<number, ReachedNode[]>();
  for (const node of primaries)
    for (const slot of keys.get(node.id)?.keys() ?? []) holders.set(slot, [...(holders.get(slot) ?? []), node]);
  const several = [...holders].filter(([, nodes]) => nodes.length > 1).sort(([a], [b]) => a - b);
  const found = await mapBounded(several, CONCURRENT_NODES_MAX, ([slot, nodes]) => sharedIn(cluster, slot, nodes));
  return found.flat();
}

async function sharedIn(cluster: Cluster, slot: number, nodes: readonly ReachedNode[]): Promise<readonly SharedKey[]> {
  const seen = new Map<string, { readonly database: number; readonly key: Buffer; readonly holders: NodeId[] }>();
  for (const node of nodes) {
    for (const database of databasesWithKeys(node)) {
      const command = argv.clusterGetKeysInSlot(slot, KEYS_LISTED_MAX);
      const [reply] = await cluster.callMany(node.address, [command], { database, bytes: true });
      if (reply instanceof ReplyError) throw refused(node, reply);
      for (const key of Array.isArray(reply) ? reply : []) {
        if (!Buffer.isBuffer(key)) continue;
        const name = `${database} ${key.toString('hex')}`;
        const known = seen.get(name);
        if (known) known.holders.push(node.id);
        else seen.set(name, { database, key, holders: [node.id] });
      }
    }
  }
  return [...seen.values()]
    .filter(({ holders }) => holders.length > 1)
    .map(({ database, key, holders }) => ({ slot, database, key: key.toString('base64'), holders }));
}

function refused({ address }: ReachedNode, reply: ReplyError): OpsError {
  return new OpsError('FAILED', `Node ${formatAddress(address)} does not tell which keys it has: ${reply.message}`, {
    suggestions: ['Log in as a user who may CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT.'],
    cause: reply,
  });
}
