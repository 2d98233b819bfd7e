/** What moves and fixes say to nodes about slots. */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import { type Argv, argv } from '../wire/argv.ts';
import { ReplyError, type ReplyErrorKind } from '../wire/reply-error.ts';

/** Valkey's SETSLOT waits 2 s for the replicas and then says NOREPLICAS, which is worth another try. */
const ATTEMPTS_MAX = 3;
const COMMANDS_PER_CALL_MAX = 512;

/**
 * What a node that has no part in the change may answer: it is a replica by now, or the servers are moving slots of it.
 * It hears of the owner by gossip.
 */
export const BYSTANDERS_MAY: readonly ReplyErrorKind[] = ['not-in-charge', 'passing'];

/** All commands, some hundred in a round trip. Errors of the kinds `tolerated` count as done; throws FAILED for others. */
export async function setSlots(
  cluster: Cluster,
  node: TopologyNode,
  commands: readonly Argv[],
  tolerated: readonly ReplyErrorKind[] = [],
): Promise<void> {
  for (let from = 0; from < commands.length; from += COMMANDS_PER_CALL_MAX) {
    let left = commands.slice(from, from + COMMANDS_PER_CALL_MAX);
    for (let attempt = 1; left.length > 0; attempt++) {
      const replies = await cluster.callMany(node.address, left, { bulk: true });
      const failed = replies.flatMap((reply, index) =>
        reply instanceof ReplyError && !tolerated.includes(reply.kind) ? [{ reply, command: left[index] as Argv }] : [],
      );
      const final = failed.find(({ reply }) => reply.kind !== 'no-replicas' || attempt >= ATTEMPTS_MAX);
      if (final) throw refusedBy(node, final.reply, final.command);
      left = failed.map(({ command }) => command);
    }
  }
}

/** Every key of the slot that the node holds, owned or not. */
export async function keysIn(
  cluster: Cluster,
  node: TopologyNode,
  slot: number,
  database: number,
): Promise<readonly Buffer[]> {
  const [count] = await cluster.callMany(node.address, [argv.clusterCountKeysInSlot(slot)], {
    database,
    channel: 'list',
  });
  if (count instanceof ReplyError) throw refusedBy(node, count, argv.clusterCountKeysInSlot(slot));
  if (count === 0) return [];
  const command = argv.clusterGetKeysInSlot(slot, Number(count));
  const [keys] = await cluster.callMany(node.address, [command], { database, bytes: true, channel: 'list' });
  if (keys instanceof ReplyError) throw refusedBy(node, keys, command);
  return (Array.isArray(keys) ? keys : []).filter((key) => Buffer.isBuffer(key));
}

export function refusedBy(node: TopologyNode, reply: ReplyError, command: Argv): OpsError {
  return new OpsError('FAILED', `Node ${formatAddress(node.address)} refused ${command.join(' ')}: ${reply.message}`, {
    cause: reply,
  });
}
