/**
 * Making every node forget some. A node that forgets bans the id for 60 s, and gossip of one that has not forgotten
 * brings it back to all others afterwards: so all are told at once, all are looked at, and whoever lists one of the
 * nodes again is told again. Once nobody lists a node, nobody is left to speak of it.
 *
 * Redis 7.2 and Valkey spread a FORGET by gossip, so that one may have heard of it before it is told; 7.0 does not.
 */
import { mapBounded } from '../bounded.ts';
import { listInWords } from '../check/words.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { hasFlag } from '../model/node.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { NodeRef, Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { parseClusterNodes } from '../wire/cluster-nodes.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { type Wait, waitUntilNothingIsMissing } from './clock.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

const CONCURRENT_NODES_MAX = 64;
const POLL_MS = 100;
/** Gossip that was under way when a node forgot is banned; a handshake that was under way is not, and shows in a moment. */
const CLEAN_LOOKS_MIN = 5;

type Forget = Extract<Step, { readonly kind: 'forget' }>;

/** Which lines of a view are about nodes that are to be forgotten, and what to call them. */
export interface Meant {
  readonly isMeant: (entry: NodeEntry) => boolean;
  readonly nameOf: (entry: NodeEntry) => string;
}

/**
 * Throws FAILED where one of the nodes is somebody's primary, TIMEOUT naming who gives slots to one, or still lists one.
 * A member that stops answering does not keep the others from being told.
 */
export async function forget(execution: Execution, step: Forget): Promise<void> {
  const members = step.by.map((ref) => nodeOf(execution, ref));
  const meant = meantBy(execution, step.nodes);
  const bound = { timeoutMs: execution.waitTimeoutMs, pollMs: POLL_MS, signal: execution.signal };
  await untilWithoutSlots(execution, meant, members, bound);
  const what = `every node to forget ${listInWords(step.nodes.map(({ address }) => address))}`;
  let cleanLooks = 0;
  await waitUntilNothingIsMissing(
    { what, ...bound },
    async () => {
      const mindful = await mapBounded(members, CONCURRENT_NODES_MAX, (member) =>
        tellToForget(execution, member, meant),
      );
      const rest = mindful.flat();
      cleanLooks = rest.length === 0 ? cleanLooks + 1 : 0;
      return cleanLooks >= CLEAN_LOOKS_MIN || rest.length > 0 ? rest : ['they were told a moment ago'];
    },
    (missing) => execution.emit({ event: 'wait', what, missing }),
  );
  execution.emit({ event: 'wait-end', what });
}

type Bound = Pick<Wait, 'timeoutMs' | 'pollMs' | 'signal'>;

/** Slots that were just moved away may be the node's for a moment yet in some view; forgotten then, they had no owner. */
async function untilWithoutSlots(
  execution: Execution,
  { isMeant, nameOf }: Meant,
  members: readonly TopologyNode[],
  bound: Bound,
): Promise<void> {
  const what = 'every node to know that the removed have no slots';
  await waitUntilNothingIsMissing(
    { what, ...bound },
    async () => {
      const views = await mapBounded(members, CONCURRENT_NODES_MAX, (member) => entriesOf(execution, member));
      return members.flatMap(({ address }, index) =>
        (views[index] ?? [])
          .filter((entry) => isMeant(entry) && entry.slots.length > 0)
          .map((entry) => `${formatAddress(address)} gives slots to ${nameOf(entry)}`),
      );
    },
    (missing) => execution.emit({ event: 'wait', what, missing }),
  );
}

/**
 * The nodes that the member lists of those that are meant, a phrase each, after it was told to forget them; nothing where it
 * lists none. Throws FAILED where it refuses.
 */
export async function tellToForget(
  execution: Execution,
  member: TopologyNode,
  { isMeant, nameOf }: Meant,
): Promise<readonly string[]> {
  const name = formatAddress(member.address);
  try {
    const listed = (await entriesOf(execution, member)).filter(isMeant);
    if (listed.length === 0) return [];
    const commands = listed.map(({ id }) => argv.clusterForget(id));
    const replies = await execution.cluster.callMany(member.address, commands);
    for (const reply of replies) refuse(name, reply);
    return listed.map((entry) => `${name} lists ${nameOf(entry)}`);
  } catch (cause) {
    if (cause instanceof OpsError && (cause.code === 'UNREACHABLE' || cause.code === 'LOGIN'))
      return [`${name} could not be told: ${cause.message}`];
    throw cause;
  }
}

function refuse(name: string, reply: unknown): void {
  if (!(reply instanceof ReplyError)) return;
  // It has heard of it from others meanwhile, or is busy for a moment: the next look tells.
  if (reply.kind === 'unknown-node' || reply.kind === 'passing') return;
  throw new OpsError('FAILED', `Node ${name} refused CLUSTER FORGET: ${reply.message}`, {
    suggestions: reply.kind === 'own-primary' ? [`${name} is its replica again: see cluster nodes ${name}`] : [],
    cause: reply,
  });
}

async function entriesOf(execution: Execution, { address }: TopologyNode): Promise<readonly NodeEntry[]> {
  const [reply] = await execution.cluster.callMany(address, [argv.clusterNodes()]);
  if (reply instanceof ReplyError)
    throw new OpsError('FAILED', `Node ${formatAddress(address)} refused CLUSTER NODES: ${reply.message}`, {
      cause: reply,
    });
  return parseClusterNodes(String(reply));
}

/** The nodes by their ids, and whoever is met at the address of one: in handshake it has an id for a moment only. */
function meantBy(execution: Execution, nodes: readonly NodeRef[]): Meant {
  const names = new Map<NodeId, string>(nodes.map(({ id, address }) => [id, address]));
  const addresses = new Set(nodes.map((ref) => formatAddress(nodeOf(execution, ref).peerAddress)));
  return {
    isMeant: (entry) =>
      names.has(entry.id) || (hasFlag(entry, 'handshake') && addresses.has(formatAddress(entry.address))),
    nameOf: ({ id }) => names.get(id) ?? id,
  };
}
