/**
 * Making nodes know each other.
 *
 * Gossip alone is slow: a node pings one random other node a second. CLUSTER MEET makes both sides exchange full
 * headers within two ticks of a tenth of a second, so every pair that meets directly is done at once, and a MEET
 * between nodes that know each other already spreads news the same way (measured with Redis 7.0.15; see
 * docs/adr/0003-create-by-mesh.md).
 */
import { mapBounded } from '../bounded.ts';
import { listInWords } from '../check/words.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { hasFlag } from '../model/node.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { NodeRef, Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { parseClusterNodes } from '../wire/cluster-nodes.ts';
import { missingRightOf, ReplyError } from '../wire/reply-error.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

const CONCURRENT_NODES_MAX = 64;
const POLL_MS = 50;
/** A handshake that takes longer than the node timeout is given up by the servers, and nobody begins it anew. */
const INTRODUCE_AGAIN_MS = 3000;
/** Every node meets this many of its neighbours on the ring of nodes; below twice that, everyone meets everyone. */
const NEIGHBOURS_MAX = 64;

/**
 * Throws FAILED where the user may not introduce nodes; TIMEOUT naming who does not know whom, with what was found out
 * about their bus ports.
 */
export async function join(execution: Execution, step: Extract<Step, { kind: 'join' }>): Promise<void> {
  const nodes = step.nodes.map((ref) => nodeOf(execution, ref));
  await introduce(execution, nodes, step.newcomers);
  let unfinished = nodes;
  let unknown: ReadonlySet<string> = new Set();
  let againAtMs = execution.clock.now() + INTRODUCE_AGAIN_MS;
  const what = 'every node to know every other';
  try {
    await waitUntilNothingIsMissing(
      { what, timeoutMs: execution.waitTimeoutMs, pollMs: POLL_MS, signal: execution.signal },
      async () => {
        const missing = await mapBounded(unfinished, CONCURRENT_NODES_MAX, (node) =>
          strangersTo(execution, node, nodes),
        );
        if (execution.clock.now() >= againAtMs) {
          againAtMs = execution.clock.now() + INTRODUCE_AGAIN_MS;
          await introduceAgain(execution, nodes, missing);
        }
        unfinished = unfinished.filter((_, index) => (missing[index]?.length ?? 0) > 0);
        unknown = new Set(missing.flatMap(([, ...strangers]) => strangers));
        return missing.flatMap((names) => (names.length === 0 ? [] : [sentence(names)]));
      },
      (missing) => execution.emit({ event: 'wait', what, missing }),
    );
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'TIMEOUT') throw cause;
    throw new OpsError('TIMEOUT', cause.message, {
      suggestions: await explainBusPorts(
        execution,
        nodes.filter((node) => unfinished.includes(node) || unknown.has(formatAddress(node.address))),
      ),
      cause,
    });
  }
}

/**
 * Sends the MEETs of the mesh, or of the ring of neighbours where a mesh would be too large. Also spreads news. Where
 * there are newcomers, each of them meets the others, and nobody else does.
 */
async function introduce(
  execution: Execution,
  nodes: readonly TopologyNode[],
  newcomers: readonly NodeRef[] = [],
): Promise<void> {
  const isNew = (index: number): boolean => newcomers.some(({ id }) => id === nodes[index]?.id);
  for (const { address } of newcomers)
    execution.emit({
      event: 'notice',
      message: `>>> Send CLUSTER MEET to node ${address} to make it join the cluster.`,
    });
  await mapBounded([...nodes.keys()], CONCURRENT_NODES_MAX, async (index) => {
    const node = nodes[index] as TopologyNode;
    const around = isNew(index) ? [...nodes.keys()].filter((other) => other !== index) : [];
    const reached = newcomers.length === 0 ? neighbours(index, nodes.length) : around.slice(0, 2 * NEIGHBOURS_MAX);
    const peers = reached.map((other) => nodes[other] as TopologyNode);
    if (peers.length > 0) await meet(execution, node, peers);
  });
}

/** Throws FAILED where the user may not say it. Other refusals show as nodes that stay unknown: see {@link join}. */
async function meet(execution: Execution, node: TopologyNode, peers: readonly TopologyNode[]): Promise<void> {
  const commands = peers.map(({ peerAddress }) => argv.clusterMeet(peerAddress));
  for (const reply of await execution.cluster.callMany(node.address, commands)) {
    if (!(reply instanceof ReplyError)) continue;
    const right = missingRightOf(reply);
    if (right === null) continue;
    throw new OpsError('FAILED', `Node ${formatAddress(node.address)} refused CLUSTER MEET: ${reply.message}`, {
      suggestions: [`Give the right on every node, with ACL SETUSER USER +${right}, and type the same command again.`],
      cause: reply,
    });
  }
}

/** Each node meets those that it still does not know. `missing`: its own address, then theirs. */
async function introduceAgain(
  execution: Execution,
  nodes: readonly TopologyNode[],
  missing: readonly (readonly string[])[],
): Promise<void> {
  const nodeAt = new Map(nodes.map((node) => [formatAddress(node.address), node]));
  await mapBounded(missing, CONCURRENT_NODES_MAX, async ([name = '', ...strangers]) => {
    const node = nodeAt.get(name);
    const meets = strangers.slice(0, NEIGHBOURS_MAX).flatMap((stranger) => nodeAt.get(stranger) ?? []);
    if (node !== undefined && meets.length > 0) await meet(execution, node, meets);
  });
}

/** The half of the ring behind `index`, so that each pair meets once. */
function neighbours(index: number, count: number): readonly number[] {
  const reach = Math.min(NEIGHBOURS_MAX, Math.floor(count / 2));
  const all = Array.from({ length: reach }, (_, step) => (index + step + 1) % count);
  // With an even number of nodes the opposite node would be met from both sides.
  return count % 2 === 0 && reach === count / 2 && index >= count / 2 ? all.slice(0, -1) : all;
}

/** Empty when `node` knows all of `nodes`; else its own address followed by those it does not know. */
async function strangersTo(
  execution: Execution,
  node: TopologyNode,
  nodes: readonly TopologyNode[],
): Promise<readonly string[]> {
  const reply = await execution.cluster.call(node.address, argv.clusterNodes());
  const known = new Set<NodeId>();
  for (const entry of parseClusterNodes(String(reply))) if (!hasFlag(entry, 'handshake')) known.add(entry.id);
  const strangers = nodes.filter(({ id }) => !known.has(id)).map(({ address }) => formatAddress(address));
  return strangers.length === 0 ? [] : [formatAddress(node.address), ...strangers];
}

function sentence([node, ...strangers]: readonly string[]): string {
  return `${node} does not know ${listInWords(strangers)}`;
}

/** Nodes talk over the bus port; a closed one is the usual cause, so it is tried from here too. */
async function explainBusPorts(execution: Execution, suspects: readonly TopologyNode[]): Promise<readonly string[]> {
  const probes = await mapBounded(suspects, CONCURRENT_NODES_MAX, async ({ peerAddress }) => {
    const reason = await execution.cluster.probePort(peerAddress.host, peerAddress.busPort);
    return reason === null
      ? []
      : [`Bus port ${peerAddress.busPort} of ${formatAddress(peerAddress)} cannot be reached from here: ${reason}.`];
  });
  return [
    ...probes.flat(),
    'Every node must be able to reach the bus port (port + 10000, or cluster-port) of every other: look at firewalls and announced addresses.',
  ];
}
