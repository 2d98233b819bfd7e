/** Every field of a node's line in CLUSTER NODES, in words. */
import type { Standing } from '../check/standing.ts';
import { standings } from '../check/standing.ts';
import { nameById, nameOf } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeFlag, NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import { countSlots, formatSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { clockMs, seedEntries, stateInWords } from './node-state.ts';
import { formatDuration } from './units.ts';

/**
 * For each node a head line with address and id, then an indented line for each field, without a line feed at the end.
 * `nowMs`: see `NodesOptions`.
 */
export function explainNodes(topology: Topology, nowMs: number): readonly string[] {
  const around = surroundings(topology, nowMs);
  return topology.nodes.map((node) => explain(around, node));
}

/** What the explanation of any node needs, worked out once. */
interface Surroundings {
  readonly topology: Topology;
  readonly clockMs: number;
  readonly standings: ReadonlyMap<NodeId, Standing>;
  readonly seedEntry: (node: TopologyNode) => NodeEntry;
}

function surroundings(topology: Topology, nowMs: number): Surroundings {
  return {
    topology,
    clockMs: clockMs(topology, nowMs),
    standings: standings(topology),
    seedEntry: seedEntries(topology),
  };
}

function explain(around: Surroundings, node: TopologyNode): string {
  const { topology } = around;
  const { entry, peerAddress } = node;
  const host = peerAddress.host || 'an unknown address';
  const fields: readonly (readonly [string, string])[] = [
    ['state', stateInWords(node, around.standings.get(node.id))],
    ['role', roleWords(topology, node)],
    ...entry.flags.map((flag) => ['flag', `${flag}: ${flagWords(flag)}`] as const),
    ['bus', `port ${peerAddress.busPort}, where the other nodes reach it at ${host}`],
    ...connectionFields(around, node),
    ['epoch', epochWords(entry)],
    ['slots', slotWords(entry)],
    ...openWords(topology, entry).map((words) => ['open', words] as const),
    ...Object.entries(entry.aux).map(([name, value]) => ['other', `${name} is ${value}`] as const),
  ];
  const hostname = entry.hostname ? ` (${entry.hostname})` : '';
  return [
    `${nameOf(node)}${hostname} ${node.id}`,
    ...fields.map(([name, words]) => `  ${name.padEnd(6)} ${words}`),
  ].join('\n');
}

/** Link, ping and pong are between the asked node and this one. */
function connectionFields(around: Surroundings, node: TopologyNode): readonly (readonly [string, string])[] {
  const { topology, clockMs: now } = around;
  if (topology.nodes[0]?.id === node.id) return [['link', 'none: this is the asked node, which does not ping itself']];
  const { link, pingSentMs, pongReceivedMs } = around.seedEntry(node);
  const seed = formatAddress(topology.seed);
  const ago = (timeMs: number): string => `${formatDuration(now - timeMs)} ago`;
  return [
    ['link', `${link}: ${seed} has ${link === 'connected' ? 'an open' : 'no'} bus connection to it`],
    ['ping', pingSentMs === 0 ? 'none waits for an answer' : `sent ${ago(pingSentMs)}, not answered yet`],
    ['pong', pongReceivedMs === 0 ? 'none so far' : `the last one came ${ago(pongReceivedMs)}`],
  ];
}

function roleWords(topology: Topology, node: TopologyNode): string {
  const { entry } = node;
  if (roleOf(entry) === 'replica') {
    const primary = entry.primaryId === null ? 'no known primary' : nameById(topology, entry.primaryId);
    return `replica of ${primary}: it copies its data and can take its place`;
  }
  return entry.slots.length === 0
    ? 'primary without slots: it holds no data and has no vote in a failover'
    : 'primary: the owner of its slots, with a vote in failovers';
}

/** Source: cluster.c of Redis 7.0 and cluster_legacy.c of Valkey 9. */
const FLAG_WORDS: Readonly<Record<NodeFlag, string>> = {
  myself: 'this is what the node says of itself',
  master: 'a primary',
  slave: 'a replica',
  'fail?': 'this node got no answer from it within the node timeout, the others have not confirmed it',
  fail: 'more than half of the primaries got no answer from it: it counts as down',
  handshake: 'met, but not yet confirmed; its id is still a made-up one',
  noaddr: 'its address is not known',
  nofailover: 'it never takes the place of its primary (cluster-replica-no-failover)',
  noflags: 'nothing is known about it yet',
};

function flagWords(flag: string): string {
  return FLAG_WORDS[flag as NodeFlag] ?? 'a flag that this program does not know';
}

function epochWords(entry: NodeEntry): string {
  if (roleOf(entry) === 'replica') return `${entry.configEpoch}, that of its primary`;
  return entry.configEpoch === 0
    ? '0: it was never given one, so any other claim to its slots wins'
    : `${entry.configEpoch}: where two nodes claim a slot, the higher epoch wins`;
}

function slotWords(entry: NodeEntry): string {
  return entry.slots.length === 0 ? 'none' : `${formatSlots(entry.slots)} (${countSlots(entry.slots)} slots)`;
}

function openWords(topology: Topology, entry: NodeEntry): readonly string[] {
  return [
    ...entry.migrating.map(({ slot, peer }) => `slot ${slot} is on its way to ${nameById(topology, peer)} (migrating)`),
    ...entry.importing.map(
      ({ slot, peer }) => `slot ${slot} is on its way from ${nameById(topology, peer)} (importing)`,
    ),
  ];
}
