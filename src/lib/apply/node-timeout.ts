/** `cluster-node-timeout` of many nodes at the same time: what they have, and setting it, in memory and in the file. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { PresentTimeout, TimeoutPlan } from '../plan/node-timeout.ts';
import type { Cluster, Reply } from '../redis/cluster.ts';
import type { Argv } from '../wire/argv.ts';
import { argv } from '../wire/argv.ts';
import type { ReplyError } from '../wire/reply-error.ts';

const CONCURRENT_NODES_MAX = 64;
const SETTING = 'cluster-node-timeout';

/** What has become of one node; the error is the server's, or why it did not answer. */
export interface TimeoutOutcome {
  readonly node: TopologyNode;
  /** What it had before; null where it did not say. */
  readonly beforeMs: number | null;
  /** Null: set. */
  readonly setError: string | null;
  /** Null: also written to its file. Set without being written, it lasts until the server is started again. */
  readonly rewriteError: string | null;
}

/** In the order of `nodes`. */
export function readNodeTimeouts(cluster: Cluster, nodes: readonly TopologyNode[]): Promise<readonly PresentTimeout[]> {
  return mapBounded(nodes, CONCURRENT_NODES_MAX, async (node) => {
    if (!node.reach.ok) return { node, timeoutMs: null, reason: node.reach.reason };
    const [reply = null] = await callOrError(cluster, node, [argv.configGet(SETTING)]);
    if (reply instanceof Error) return { node, timeoutMs: null, reason: reply.message };
    const value = Array.isArray(reply) ? Number(reply[1]) : Number.NaN;
    return Number.isSafeInteger(value)
      ? { node, timeoutMs: value, reason: '' }
      : { node, timeoutMs: null, reason: `it has no ${SETTING}` };
  });
}

/** Tries every node; an outcome for each, in the order of the plan. */
export function setNodeTimeouts(cluster: Cluster, plan: TimeoutPlan): Promise<readonly TimeoutOutcome[]> {
  return mapBounded(plan.nodes, CONCURRENT_NODES_MAX, async ({ node, timeoutMs: beforeMs }) => {
    if (!node.reach.ok) return { node, beforeMs, setError: node.reach.reason, rewriteError: null };
    // BOTH in one round trip: whatever the first is answered, the second does no harm.
    const commands = [argv.configSet(SETTING, `${plan.timeoutMs}`), argv.configRewrite()];
    const [set, rewrite = set] = await callOrError(cluster, node, commands);
    return { node, beforeMs, setError: errorOf(set), rewriteError: errorOf(rewrite) };
  });
}

function errorOf(reply: Reply | Error | undefined): string | null {
  return reply instanceof Error ? reply.message : null;
}

/** The replies; where there is none, the one failure. */
async function callOrError(
  cluster: Cluster,
  { address }: TopologyNode,
  commands: readonly Argv[],
): Promise<readonly (Reply | ReplyError | OpsError)[]> {
  try {
    return await cluster.callMany(address, commands);
  } catch (cause) {
    if (cause instanceof OpsError) return [cause];
    throw cause;
  }
}
