/** Reading which primaries have keys of which slots: of all slots that they do not own, and of those in question. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { SharedKey, SlotEvidence } from '../model/slot-evidence.ts';
import { ALL_SLOTS, eachSlot, type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import { type Argv, argv } from '../wire/argv.ts';
import { answersToImporter, askAsImporter, hidesKeysOf } from '../wire/foreign-keys.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster, Reply } from './cluster.ts';

const CONCURRENT_NODES_MAX = 16;
/** Commands in one round trip: a server serves nobody else while it works through them. */
const SLOTS_PER_CALL_MAX = 1024;
/** Of one slot at one node. Of a slot with more keys the shared ones are found when the keys move. */
const KEYS_LISTED_MAX = 100_000;

/**
 * Changes nothing for longer than it looks: where a server hides keys of slots that it does not own, and has more keys than it
 * shows, these slots are marked as `importing` for the one question. Throws UNREACHABLE, or FAILED where a
 * server does not tell.
 */
export async function readSlotEvidence(cluster: Cluster, topology: Topology, suspect: SlotSet): Promise<SlotEvidence> {
  const primaries = primariesOf(topology).filter(isReached);
  const look = await lookOf(cluster, primaries);
  const counted = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const first = await countKeys(look, node, [
      ...eachSlot(unionSlots(subtractSlots(ALL_SLOTS, node.entry.slots), suspect)),
    ]);
    return { node, keys: first };
  });
  const strays = new Set(counted.flatMap(({ node, keys }) => [...keys.keys()].filter((slot) => !owns(node, slot))));
  // The owners' keys of slots that others have keys of.
  for (const { node, keys } of counted) {
    const missing = [...strays].filter((slot) => owns(node, slot) && !keys.has(slot));
    for (const [slot, count] of await countKeys(look, node, missing)) keys.set(slot, count);
  }
  const keys = new Map(counted.map((each) => [each.node.id, each.keys] as const));
  return { keys, shared: await findShared(look, primaries, keys) };
}

function owns({ entry }: ReachedNode, slot: number): boolean {
  return entry.slots.some(([first, last]) => first <= slot && slot <= last);
}

/** How to ask; `strangers`: of nodes that hide keys, by id, another node that each of them knows. */
interface Look {
  readonly cluster: Cluster;
  readonly strangers: ReadonlyMap<NodeId, NodeId>;
}

async function lookOf(cluster: Cluster, primaries: readonly ReachedNode[]): Promise<Look> {
  const hiding = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const stranger = primaries.find((other) => other.id !== node.id);
    return stranger !== undefined && (await hasHiddenKeys(cluster, node)) ? [[node.id, stranger.id] as const] : [];
  });
  return { cluster, strangers: new Map(hiding.flat()) };
}

/** Are there more keys than those of slots that it shows? INFO comes AFTER the counts: what clients make meanwhile is no harm. */
async function hasHiddenKeys(cluster: Cluster, node: ReachedNode): Promise<boolean> {
  const all = [...eachSlot(ALL_SLOTS)];
  if (!all.some((slot) => hidesKeysOf(node, slot))) return false;
  const shown = await countKeys({ cluster, strangers: new Map() }, node, [
    ...all.filter((slot) => !hidesKeysOf(node, slot)),
  ]);
  const [reply] = await cluster.callMany(node.address, [argv.info('keyspace')]);
  if (reply instanceof ReplyError) throw refused(node, reply);
  const [, total = 0] = /^db0:keys=(\d+)/m.exec(String(reply)) ?? [];
  return Number(total) > [...shown.values()].reduce((sum, count) => sum + count, 0);
}

/** Over all databases; slots without keys are left out. */
async function countKeys(look: Look, node: ReachedNode, slots: readonly number[]): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const database of databasesWithKeys(node)) {
    for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
      const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
      const replies = await ask(look, node, database, part, argv.clusterCountKeysInSlot);
      for (const [slot, reply] of replies) {
        if (Number(reply) > 0) counts.set(slot, (counts.get(slot) ?? 0) + Number(reply));
      }
    }
  }
  return counts;
}

/** Throws FAILED where the node refuses to answer. */
async function ask(
  { cluster, strangers }: Look,
  node: ReachedNode,
  database: number,
  slots: readonly number[],
  question: (slot: number) => Argv,
): Promise<ReadonlyMap<number, Reply>> {
  const stranger = strangers.get(node.id);
  const hidden = stranger === undefined ? [] : slots.filter((slot) => hidesKeysOf(node, slot));
  const shown = slots.filter((slot) => !hidden.includes(slot));
  const options = { database, bytes: true };
  const [plain, marked] = await Promise.all([
    cluster.callMany(node.address, shown.map(question), options),
    stranger === undefined ? [] : cluster.callMany(node.address, askAsImporter(hidden, stranger, question), options),
  ]);
  const answers = answersToImporter(marked).map(({ answer }) => answer);
  return new Map(
    [...plain, ...answers].map((reply, index) => {
      if (reply instanceof ReplyError) throw refused(node, reply);
      return [[...shown, ...hidden][index] as number, reply];
    }),
  );
}

/** Of INFO keyspace: more than one only in Valkey 9. */
function databasesWithKeys({ reach }: ReachedNode): readonly number[] {
  return Object.keys(reach.view.info).flatMap((field) => {
    const match = /^db(\d+)$/.exec(field);
    return match ? [Number(match[1])] : [];
  });
}

async function findShared(
  look: Look,
  primaries: readonly ReachedNode[],
  keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>,
): Promise<readonly SharedKey[]> {
  const holders = new Map<number, ReachedNode[]>();
  for (const node of primaries)
    for (const slot of keys.get(node.id)?.keys() ?? []) holders.set(slot, [...(holders.get(slot) ?? []), node]);
  const several = [...holders].filter(([, nodes]) => nodes.length > 1).sort(([a], [b]) => a - b);
  const found = await mapBounded(several, CONCURRENT_NODES_MAX, ([slot, nodes]) => sharedIn(look, slot, nodes));
  return found.flat();
}

async function sharedIn(look: Look, slot: number, nodes: readonly ReachedNode[]): Promise<readonly SharedKey[]> {
  const seen = new Map<string, { readonly database: number; readonly key: Buffer; readonly holders: NodeId[] }>();
  for (const node of nodes) {
    for (const database of databasesWithKeys(node)) {
      const listing = (each: number) => argv.clusterGetKeysInSlot(each, KEYS_LISTED_MAX);
      const reply = (await ask(look, node, database, [slot], listing)).get(slot);
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
