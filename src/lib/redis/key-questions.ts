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
    return stranger !== undefined && (await hasHiddenKeys(cluster, node)) ? [[node.id, stranger.id] as const] : [];
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

/** Are there more keys than those of slots that it shows? INFO comes AFTER the counts: what clients make meanwhile is no harm. */
async function hasHiddenKeys(cluster: Cluster, node: ReachedNode): Promise<boolean> {
  const all = [...eachSlot(ALL_SLOTS)];
  const shown = all.filter((slot) => !hidesKeysOf(node, slot));
  if (shown.length === all.length) return false;
  const counts = await ask(cluster, node, 0, shown, argv.clusterCountKeysInSlot, null);
  const [reply] = await cluster.callMany(node.address, [argv.info('keyspace')]);
  if (reply instanceof ReplyError) throw keysNotTold(node, reply);
  const [, total = 0] = /^db0:keys=(\d+)/m.exec(String(reply)) ?? [];
  return Number(total) > [...counts.values()].reduce<number>((sum, count) => sum + Number(count), 0);
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
