/** Reading which primaries have keys of which slots: of all slots that they do not own, and of those in question. */
import { mapBounded } from '../bounded.ts';
import type { NodeId } from '../model/node.ts';
import type { SharedKey, SlotEvidence } from '../model/slot-evidence.ts';
import { ALL_SLOTS, eachSlot, hasSlot, type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import type { Cluster } from './cluster.ts';
import { aboutAllKeys, type KeyQuestions } from './key-questions.ts';
import { countKeysInSlots, databasesWithKeys } from './keys-in-slots.ts';

const CONCURRENT_NODES_MAX = 16;
/** Of one slot at one node. Of a slot with more keys the shared ones are found when the keys move. */
const KEYS_LISTED_MAX = 100_000;

/**
 * Changes nothing for longer than it looks: see {@link aboutAllKeys}. Throws UNREACHABLE, or FAILED where a server does not
 * tell.
 */
export async function readSlotEvidence(cluster: Cluster, topology: Topology, suspect: SlotSet): Promise<SlotEvidence> {
  const primaries = primariesOf(topology).filter(isReached);
  const ask = await aboutAllKeys(cluster, primaries);
  const counted = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const first = await countKeysInSlots(ask, node, [
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
    for (const [slot, count] of await countKeysInSlots(ask, node, missing)) keys.set(slot, count);
  }
  const keys = new Map(counted.map((each) => [each.node.id, each.keys] as const));
  return { keys, shared: await findShared(ask, primaries, keys) };
}

async function findShared(
  ask: KeyQuestions,
  primaries: readonly ReachedNode[],
  keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>,
): Promise<readonly SharedKey[]> {
  const holders = new Map<number, ReachedNode[]>();
  for (const node of primaries)
    for (const slot of keys.get(node.id)?.keys() ?? []) holders.set(slot, [...(holders.get(slot) ?? []), node]);
  const several = [...holders].filter(([, nodes]) => nodes.length > 1).sort(([a], [b]) => a - b);
  const found = await mapBounded(several, CONCURRENT_NODES_MAX, ([slot, nodes]) => sharedIn(ask, slot, nodes));
  return found.flat();
}

async function sharedIn(ask: KeyQuestions, slot: number, nodes: readonly ReachedNode[]): Promise<readonly SharedKey[]> {
  const seen = new Map<string, { readonly database: number; readonly key: Buffer; readonly holders: NodeId[] }>();
  for (const node of nodes) {
    for (const database of databasesWithKeys(node)) {
      const listing = (each: number) => argv.clusterGetKeysInSlot(each, KEYS_LISTED_MAX);
      const reply = (await ask(node, database, [slot], listing)).get(slot);
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
