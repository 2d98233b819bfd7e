/** What a planner cannot see in a topology: how many keys slots hold, how large they are, and how far away the nodes are. */
import { mapBounded } from '../bounded.ts';
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { eachSlot } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster } from './cluster.ts';
import { loginRefusal } from './login-refusal.ts';

const CONCURRENT_NODES_MAX = 16;
const SLOTS_PER_CALL_MAX = 1024;
/** Keys whose size is asked for at each source: enough to see a habit of large keys, few enough to be over at once. */
const SAMPLES_PER_SOURCE_MAX = 100;
/** A key above this blocks both servers for long enough to be felt. */
const LARGE_KEY_BYTES_MIN = 1024 * 1024;

/** What is asked about: who gives which slots. */
export interface Giving {
  readonly nodeId: NodeId;
  readonly slots: SlotSet;
}

export interface LargeKey {
  /** Printable: bytes outside ASCII are escaped. */
  readonly key: string;
  readonly bytes: number;
  readonly slot: number;
  readonly nodeId: NodeId;
}

export interface MoveMeasures {
  readonly keysInSlot: ReadonlyMap<number, number>;
  /** Average of a sample; a node without keys is not in it. */
  readonly bytesPerKey: ReadonlyMap<NodeId, number>;
  /** `max` 0: no limit. Bytes. */
  readonly memory: ReadonlyMap<NodeId, { readonly used: number; readonly max: number }>;
  readonly roundTripMs: number;
  /** Of the sample only. */
  readonly largeKeys: readonly LargeKey[];
}

/** Reads only. Throws UNREACHABLE where a giver does not answer. */
export async function measureMoves(
  cluster: Cluster,
  topology: Topology,
  givings: readonly Giving[],
): Promise<MoveMeasures> {
  const keysInSlot = new Map<number, number>();
  const bytesPerKey = new Map<NodeId, number>();
  const largeKeys: LargeKey[] = [];
  let roundTripMs = 0;
  await mapBounded(mergeByNode(givings), CONCURRENT_NODES_MAX, async ({ nodeId, slots }) => {
    const node = topology.nodes.find(({ id }) => id === nodeId);
    if (node === undefined) return;
    const begun = performance.now();
    await cluster.callMany(node.address, [argv.ping()]);
    roundTripMs = Math.max(roundTripMs, performance.now() - begun);
    const filled = await countKeys(cluster, node, slots, keysInSlot);
    const sizes = await sampleSizes(cluster, node, filled);
    if (sizes.length > 0) bytesPerKey.set(nodeId, sizes.reduce((sum, { bytes }) => sum + bytes, 0) / sizes.length);
    largeKeys.push(...sizes.filter(({ bytes }) => bytes >= LARGE_KEY_BYTES_MIN));
  });
  return { keysInSlot, bytesPerKey, memory: memoryOf(topology), roundTripMs, largeKeys };
}

function mergeByNode(
  givings: readonly Giving[],
): readonly { readonly nodeId: NodeId; readonly slots: readonly number[] }[] {
  const byNode = new Map<NodeId, number[]>();
  for (const { nodeId, slots } of givings) byNode.set(nodeId, [...(byNode.get(nodeId) ?? []), ...eachSlot(slots)]);
  return [...byNode].map(([nodeId, slots]) => ({ nodeId, slots }));
}

/** The slots that hold keys. */
async function countKeys(
  cluster: Cluster,
  { address }: TopologyNode,
  slots: readonly number[],
  counts: Map<number, number>,
): Promise<readonly number[]> {
  for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
    const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
    const replies = await cluster.callMany(
      address,
      part.map((slot) => argv.clusterCountKeysInSlot(slot)),
      { bulk: true },
    );
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof ReplyError && reply.kind === 'login') throw loginRefusal(address, reply);
      counts.set(part[index] as number, Number(reply));
    }
  }
  return slots.filter((slot) => (counts.get(slot) ?? 0) > 0);
}

async function sampleSizes(
  cluster: Cluster,
  { id, address }: TopologyNode,
  filled: readonly number[],
): Promise<readonly LargeKey[]> {
  const step = Math.max(1, Math.floor(filled.length / SAMPLES_PER_SOURCE_MAX));
  const chosen = filled.filter((_, index) => index % step === 0).slice(0, SAMPLES_PER_SOURCE_MAX);
  const lists = await cluster.callMany(
    address,
    chosen.map((slot) => argv.clusterGetKeysInSlot(slot, 1)),
    { bulk: true },
  );
  const keys = lists.flatMap((list, index) =>
    Array.isArray(list) && Buffer.isBuffer(list[0]) ? [{ key: list[0], slot: chosen[index] as number }] : [],
  );
  const sizes = await cluster.callMany(
    address,
    keys.map(({ key }) => argv.memoryUsage(key)),
    { bulk: true },
  );
  return keys.flatMap(({ key, slot }, index) => {
    const bytes = sizes[index];
    return typeof bytes === 'number' ? [{ key: printable(key), bytes, slot, nodeId: id }] : [];
  });
}

function memoryOf(topology: Topology): ReadonlyMap<NodeId, { readonly used: number; readonly max: number }> {
  return new Map(
    topology.nodes.filter(isReached).map(({ id, reach }) => {
      const { used_memory: used, maxmemory: max } = reach.view.info;
      return [id, { used: Number(used ?? 0), max: Number(max ?? 0) }];
    }),
  );
}

function printable(key: Buffer): string {
  return JSON.stringify(key.toString('latin1')).slice(1, -1);
}
