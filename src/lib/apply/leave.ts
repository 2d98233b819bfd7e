/**
 * Resetting a node that all others have forgotten. SOFT, as redis-cli does it, takes it out of the cluster; HARD gives it
 * another id as well. With its old id the others would not hear of it for the 60 s of their ban when it is added again,
 * and a member that was away while they forgot would find it, and bring it back to all of them.
 *
 * Between FORGET and RESET the node still knows all others. In Valkey 8.1 and later it meets whoever it does not hear
 * from for the node timeout, and a MEET is no gossip: the ban does not hold it off. So whoever has met it again by then
 * is told once more, under whatever id: one that answers to the handshake after its reset has the new one.
 */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { parseInfo } from '../wire/info.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';
import { type Meant, tellToForget } from './forget.ts';

const POLL_MS = 100;
const CONCURRENT_NODES_MAX = 64;
/** A MEET that was under way when the node forgot makes the two know each other again: it must stay so for this many looks. */
const LOOKS_ALONE_MIN = 3;

/**
 * Again until the node stays alone and no member lists it. A replica drops its copy of the data (`clusterReset`, every
 * version); a primary with keys refuses, and FAILED says so. TIMEOUT names who lists it still. One that stops answering
 * is left as it is, with a notice: the others are rid of it.
 */
export async function leave(execution: Execution, step: Extract<Step, { readonly kind: 'leave' }>): Promise<void> {
  const node = nodeOf(execution, step.node);
  const name = formatAddress(node.address);
  const members = step.by.map((ref) => nodeOf(execution, ref));
  let looksAlone = -1;
  const look = async (): Promise<readonly string[]> => {
    const isAlone = looksAlone >= 0 && (await knowsNobody(execution, node));
    if (!isAlone) await reset(execution, node);
    const mindful = isAlone ? await stillListing(execution, node, members) : [];
    looksAlone = isAlone && mindful.length === 0 ? looksAlone + 1 : 0;
    return looksAlone >= LOOKS_ALONE_MIN || mindful.length > 0 ? mindful : [`${name} was reset a moment ago`];
  };
  const what = `${name} and the other nodes to forget each other`;
  const bound = { timeoutMs: execution.waitTimeoutMs, pollMs: POLL_MS, signal: execution.signal };
  try {
    await waitUntilNothingIsMissing({ what, ...bound }, look, () => undefined);
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'UNREACHABLE') throw cause;
    const message = `>>> Skipping unreachable node ${name}. It may need manual reconfiguration when it comes back online.`;
    execution.emit({ event: 'notice', message });
  }
}

async function knowsNobody({ cluster }: Execution, { address }: TopologyNode): Promise<boolean> {
  const [info] = await cluster.callMany(address, [argv.clusterInfo()]);
  return parseInfo(String(info))['cluster_known_nodes'] === '1';
}

async function reset({ cluster }: Execution, { address }: TopologyNode): Promise<void> {
  const replies = await cluster.callMany(address, [argv.clusterResetSoft(), argv.clusterResetHard()]);
  const refusal = replies.find((reply) => reply instanceof ReplyError);
  if (!(refusal instanceof ReplyError)) return;
  const name = formatAddress(address);
  throw new OpsError('FAILED', `Node ${name} refused CLUSTER RESET: ${refusal.message}`, {
    suggestions: [`All others have forgotten it. If nobody needs its data: FLUSHALL, then CLUSTER RESET, to ${name}.`],
    cause: refusal,
  });
}

/** Nobody else can be at its address: the node answers there. */
async function stillListing(
  execution: Execution,
  node: TopologyNode,
  members: readonly TopologyNode[],
): Promise<readonly string[]> {
  const name = formatAddress(node.peerAddress);
  const meant: Meant = {
    isMeant: (entry) => entry.id === node.id || formatAddress(entry.address) === name,
    nameOf: () => formatAddress(node.address),
  };
  const mindful = await mapBounded(members, CONCURRENT_NODES_MAX, (member) => tellToForget(execution, member, meant));
  return mindful.flat();
}
