/**
 * Observing: from a few addresses to a topology that holds every node's own view.
 *
 * Nodes are asked concurrently. Whom to ask is found by following the views: first those that the seed knows, then
 * those that only others know, so that a node which gossip has not reached yet, or a ghost, is not overlooked.
 */
import { assert, present } from '../assert.ts';
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { busPortOf, formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { hasFlag } from '../model/node.ts';
import type { ReachedNode, Topology, TopologyNode, View } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';
import type { ClusterNodesReader } from '../wire/cluster-nodes.ts';
import { clusterNodesReader } from '../wire/cluster-nodes.ts';
import type { Connections } from './connections.ts';
import { reachableAddress } from './nat.ts';
import type { ConnectOptions } from './options.ts';
import { findPeerAddress } from './peer-address.ts';
import { readView } from './view.ts';

/** Connections being made and views being read at one time. */
const CONCURRENT_NODES_MAX = 64;
/** How often newly found nodes may name further ones. */
const DISCOVERY_ROUNDS_MAX = 4;

export interface Observer {
  readonly connections: Connections;
  readonly options: ConnectOptions;
}

/** One observation: its views are read by one reader, so that what they have in common is read once. */
interface Observation extends Observer {
  readonly readNodes: ClusterNodesReader;
  /** By address: a seed is also a node that others know, and is asked once. */
  readonly views: Map<string, Promise<View>>;
}

function newObservation(observer: Observer): Observation {
  return { ...observer, readNodes: clusterNodesReader(), views: new Map() };
}

function viewAt({ connections, readNodes, views }: Observation, address: Address): Promise<View> {
  const key = formatAddress(address);
  const view = views.get(key) ?? readView(connections, readNodes, address);
  views.set(key, view);
  return view;
}

/** See `Cluster.observe` in `cluster.ts`. */
export async function observe(observer: Observer, seeds: readonly Address[]): Promise<Topology> {
  const observation = newObservation(observer);
  const seed = await firstToAnswer(observation, seeds);
  const nodes = new Map<NodeId, TopologyNode>([[seed.id, seed]]);
  const asked = new Set<NodeId>([seed.id]);
  let frontier: readonly TopologyNode[] = [seed];
  for (let round = 0; round < DISCOVERY_ROUNDS_MAX && frontier.length > 0; round++) {
    const strangers = strangersOf(frontier, asked);
    for (const stranger of strangers) asked.add(stranger.id);
    frontier = await mapBounded(strangers, CONCURRENT_NODES_MAX, (entry) => askStranger(observation, entry));
    // A node in handshake is named by a temporary id; its own word counts, and so does a known node's.
    for (const node of frontier) if (!nodes.get(node.id)?.reach.ok) nodes.set(node.id, node);
  }
  return { seed: seed.address, nodes: [...nodes.values()] };
}

/** See `Cluster.observeEach` in `cluster.ts`. */
export async function observeEach(observer: Observer, addresses: readonly Address[]): Promise<Topology> {
  const observation = newObservation(observer);
  const nodes = await mapBounded(addresses, CONCURRENT_NODES_MAX, (address) =>
    askSeed(observation, address).catch((cause: unknown) => silentSeed(address, cause)),
  );
  return { seed: present(addresses[0], 'at least one address is observed'), nodes };
}

async function firstToAnswer(observation: Observation, seeds: readonly Address[]): Promise<ReachedNode> {
  assert(seeds.length > 0, 'a cluster is observed from at least one seed');
  try {
    return await Promise.any(seeds.map((seed) => askSeed(observation, seed)));
  } catch (cause) {
    const causes: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
    const first = causes[0];
    if (causes.length === 1 || !(first instanceof OpsError)) throw first;
    const reasons = causes.map((each) => (each instanceof Error ? each.message : String(each)));
    throw new OpsError(first.code, `None of the ${seeds.length} addresses serves.\n${reasons.join('\n')}`, {
      suggestions: first.suggestions,
      cause,
    });
  }
}

async function askSeed(observation: Observation, address: Address): Promise<ReachedNode> {
  const { connections, options } = observation;
  const view = await viewAt(observation, address);
  const entry = ownEntry(view, address);
  const peerAddress = await findPeerAddress(connections, options, address, entry);
  return { id: entry.id, address, peerAddress, entry, reach: { ok: true, view } };
}

/** A node that did not answer has no id; the address stands in for it, so that two such nodes are told apart. */
function silentSeed(address: Address, cause: unknown): TopologyNode {
  if (!(cause instanceof OpsError)) throw cause;
  const peerAddress = { ...address, busPort: busPortOf(address) };
  const entry: NodeEntry = {
    id: formatAddress(address) as NodeId,
    address: peerAddress,
    aux: {},
    flags: ['noflags'],
    primaryId: null,
    pingSentMs: 0,
    pongReceivedMs: 0,
    configEpoch: 0,
    link: 'disconnected',
    slots: [],
    migrating: [],
    importing: [],
  };
  return { id: entry.id, address, peerAddress, entry, reach: { ok: false, reason: cause.message } };
}

async function askStranger(observation: Observation, believed: NodeEntry): Promise<TopologyNode> {
  const address = reachableAddress(observation.options.natMap, {
    host: believed.address.host,
    port: believed.address.port,
  });
  const base = { id: believed.id, address, peerAddress: believed.address, entry: believed };
  if (believed.address.host === '' || believed.address.port === 0) {
    return { ...base, reach: { ok: false, reason: 'no address is known' } };
  }
  try {
    const view = await viewAt(observation, address);
    const entry = ownEntry(view, address);
    if (entry.id !== believed.id && !hasFlag(believed, 'handshake')) {
      return { ...base, reach: { ok: false, reason: `another node, ${entry.id}, answers at its address` } };
    }
    const peerAddress = entry.address.host === '' ? believed.address : entry.address;
    return { id: entry.id, address, peerAddress, entry, reach: { ok: true, view } };
  } catch (cause) {
    if (!(cause instanceof OpsError)) throw cause;
    return { ...base, reach: { ok: false, reason: cause.message } };
  }
}

/** Everyone in the views of `nodes` who was not asked yet, in the order of the views. */
function strangersOf(nodes: readonly TopologyNode[], asked: ReadonlySet<NodeId>): readonly NodeEntry[] {
  const strangers = new Map<NodeId, NodeEntry>();
  for (const node of nodes.filter(isReached)) {
    for (const entry of node.reach.view.entries) {
      if (!asked.has(entry.id) && !strangers.has(entry.id)) strangers.set(entry.id, entry);
    }
  }
  return [...strangers.values()];
}

function ownEntry(view: View, address: Address): NodeEntry {
  const own = view.entries.find((entry) => hasFlag(entry, 'myself'));
  if (own) return own;
  throw new OpsError('PROTOCOL', `Node ${formatAddress(address)} sent a CLUSTER NODES without a line about itself.`);
}
