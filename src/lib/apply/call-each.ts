/** One command to many nodes at the same time. What one of them says or does not say keeps nobody else from being asked. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import type { NodeAnswer, ReplyValue } from '../model/node-answer.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Argument, Cluster, Reply } from '../redis/cluster.ts';
import { ReplyError } from '../wire/reply-error.ts';

const CONCURRENT_NODES_MAX = 64;

export interface CallEachOptions {
  /** Null: the session's. */
  readonly timeoutMs: number | null;
  /** The command ends the connection where it succeeds: SHUTDOWN sends no reply. */
  readonly endsConnection: boolean;
}

/** An answer for each node, in their order. A node that did not answer when it was observed is not asked again. */
export function callEach(
  cluster: Cluster,
  nodes: readonly TopologyNode[],
  argv: readonly Argument[],
  options: CallEachOptions,
): Promise<readonly NodeAnswer[]> {
  return mapBounded(nodes, CONCURRENT_NODES_MAX, (node) => callOne(cluster, node, argv, options));
}

async function callOne(
  cluster: Cluster,
  node: TopologyNode,
  argv: readonly Argument[],
  { timeoutMs, endsConnection }: CallEachOptions,
): Promise<NodeAnswer> {
  if (!node.reach.ok) return { node, ok: false, kind: 'unreachable', message: node.reach.reason };
  try {
    const bounds = timeoutMs === null ? {} : { timeoutMs };
    const [reply = null] = await cluster.callMany(node.address, [argv], { bytes: true, ...bounds });
    if (reply instanceof ReplyError) return { node, ok: false, kind: 'error-reply', message: reply.message };
    return { node, ok: true, reply: replyValue(reply) };
  } catch (cause) {
    if (!(cause instanceof OpsError)) throw cause;
    if (endsConnection && isConnectionEnd(cause)) return { node, ok: true, reply: null };
    return { node, ok: false, kind: 'unreachable', message: cause.message };
  }
}

/** The port's type has no errors inside of lists, as ours are never asked for; a script or EXEC may hold them. */
function replyValue(reply: Reply | Error): ReplyValue {
  if (reply instanceof Error) return { error: reply.message };
  if (typeof reply !== 'object' || reply === null || reply instanceof Uint8Array) return reply;
  return reply.map(replyValue);
}

/** In the words of `redis/connections.ts`, or of the operating system. */
function isConnectionEnd({ message }: OpsError): boolean {
  return /Connection (closed by the server|reset by peer)/.test(message);
}
