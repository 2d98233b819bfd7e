/** Asking a node about its keys of slots: of those that it shows, or also of those that some servers hide. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { ALL_SLOTS, eachSlot } from '../model/slot-set.ts';
import type { ReachedNode } from '../model/topology.ts';
import { type Argv, argv } from '../wire/argv.ts';
import { answersToImporter, askAsImporter, hidesKeysOf } from '../wire/foreign-keys.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster, Reply } from './cluster.ts';

const CONCURRENT_NODES_MAX = 16;
/** In one round trip: a server serves nobody else while it works through them, so they stay below a millisecond or two. */
const SLOTS_PER_CALL_MAX = 1024;

/** The answers by slot, strings as bytes. Throws UNREACHABLE, or FAILED where the node does not tell. */
export type KeyQuestions = (
  node: ReachedNode,
  database: number,
  slots: readonly number[],
  question: (slot: number) => Argv,
) => Promise<ReadonlyMap<number, Reply>>;

/** As the node answers everybody. */
export function aboutShownKeys(cluster: Cluster): KeyQuestions {
  return (node, database, slots, question) => ask(cluster, node, database, slots, question, null);
}

/**
 * Where a node hides keys of slots that it does not own, and has more keys than it shows, these slots are marked as
 * `importing` for as long as the one question takes; see `wire/foreign-keys.ts`.
 */
export async function aboutAllKeys(cluster: Cluster, primaries: readonly ReachedNode[]): Promise<KeyQuestions> {
  const hiding = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const stranger = primaries.find((other) => other.id !== node.id);
    return stranger !== undefined && (await hiddenKeys(cluster, node)).atMost > 0
      ? [[node.id, stranger.id] as const]
      : [];
  });
  const strangers = new Map<NodeId, NodeId>(hiding.flat());
  return (node, database, slots, question) =>
    ask(cluster, node, database, slots, question, strangers.get(node.id) ?? null);
}

/** FAILED, for a server that refuses to count or to list keys. */
function keysNotTold({ address }: ReachedNode, reply: ReplyError): OpsError {
  return new OpsError('FAILED', `Node ${formatAddress(address)} does not tell which keys it has: ${reply.message}`, {
    suggestions: ['Log in as a user who may CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT.'],
    cause: reply,
  });
}

export interface HiddenKeys {
  readonly atLeast: number;
  readonly atMost: number;
}

/**
 * How many keys more than those of slots that it shows? Counted between two INFOs: what clients make or delete meanwhile is in
 * one of them. None where the server hides nothing, and while it still deletes keys of slots that it has given away. Changes
 * nothing; throws UNREACHABLE, or FAILED where it does not tell.
 */
export async function hiddenKeys(cluster: Cluster, node: ReachedNode): Promise<HiddenKeys> {
  const all = [...eachSlot(ALL_SLOTS)];
  const shown = all.filter((slot) => !hidesKeysOf(node, slot));
  if (shown.length === all.length) return { atLeast: 0, atMost: 0 };
  const before = await countAll(cluster, node);
  const counts = await ask(cluster, node, 0, shown, argv.clusterCountKeysInSlot, null);
  const after = await countAll(cluster, node);
  if (before === null || after === null) return { atLeast: 0, atMost: 0 };
  const seen = [...counts.values()].reduce<number>((sum, count) => sum + Number(count), 0);
  return { atLeast: Math.max(0, Math.min(before, after) - seen), atMost: Math.max(0, Math.max(before, after) - seen) };
}

/** Of database 0, the only one where keys are hidden; null while keys go that are nobody's any more. Source: Redis 8.6.3. */
async function countAll(cluster: Cluster, node: ReachedNode): Promise<number | null> {
  const replies = await cluster.callMany(node.address, [argv.info('keyspace'), argv.clusterInfo()]);
  for (const reply of replies) if (reply instanceof ReplyError) throw keysNotTold(node, reply);
  const [keyspace, state] = replies.map(String);
  if (/^cluster_slot_migration_active_trim_running:[1-9]/m.test(state ?? '')) return null;
  return Number(/^db0:keys=(\d+)/m.exec(keyspace ?? '')?.[1] ?? 0);
}

async function ask(
  cluster: Cluster,
  node: ReachedNode,
  database: number,
  slots: readonly number[],
  question: (slot: number) => Argv,
  stranger: NodeId | null,
): Promise<ReadonlyMap<number, Reply>> {
  const answers = new Map<number, Reply>();
  const isHidden = (slot: number): boolean => stranger !== null && hidesKeysOf(node, slot);
  const take = (some: readonly number[], replies: readonly (Reply | ReplyError)[]): void => {
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof ReplyError) throw keysNotTold(node, reply);
      answers.set(some[index] as number, reply);
    }
  };
  for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
    const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
    const shown = part.filter((slot) => !isHidden(slot));
    if (shown.length > 0)
      take(shown, await cluster.callMany(node.address, shown.map(question), { database, bytes: true }));
    const hidden = part.filter(isHidden);
    if (stranger === null || hidden.length === 0) continue;
    const commands = askAsImporter(hidden, stranger, question);
    const replies = await cluster.callMany(node.address, commands, { database, bytes: true });
    take(
      hidden,
      answersToImporter(replies).map(({ answer }) => answer),
    );
  }
  return answers;
}
