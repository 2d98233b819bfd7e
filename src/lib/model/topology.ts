/**
 * All views of a cluster put together, as a value. Nothing is missing from it: a node that could not be reached is in
 * it with the reason.
 */
import type { Address } from './address.ts';
import type { Flavor } from './flavor.ts';
import type { NodeEntry, NodeId } from './node.ts';
import { byId, roleOf } from './node.ts';
import { parseSlots, type SlotSet, unionSlots } from './slot-set.ts';

/** What one node says of itself and of all others, read in one go. */
export interface View {
  readonly flavor: Flavor;
  /** CLUSTER NODES: itself and every node it knows. */
  readonly entries: readonly NodeEntry[];
  /** CLUSTER INFO, all fields as sent. */
  readonly clusterInfo: Readonly<Record<string, string>>;
  /** INFO, all fields as sent. */
  readonly info: Readonly<Record<string, string>>;
  /** Slot migrations that the server itself carries out; empty where it cannot. */
  readonly migrations: readonly SlotMigration[];
}

/** A slot migration inside the servers (Valkey's CLUSTER GETSLOTMIGRATIONS, Redis' CLUSTER MIGRATION STATUS). */
export interface SlotMigration {
  /** Valkey: the job's name, the same on both sides. Redis: the task id. */
  readonly id: string;
  /** Which side reported it. */
  readonly side: 'source' | 'target';
  /** As the server prints them: `0-100 200-300`. */
  readonly slotRanges: string;
  readonly sourceId: NodeId | null;
  readonly targetId: NodeId | null;
  readonly state: string;
  /** False once the server will do nothing more about it. */
  readonly isRunning: boolean;
  /** The server's own explanation; empty where it gives none. */
  readonly message: string;
  /** How often the server has tried again by itself; only Redis does. */
  readonly retries?: number;
}

/** The slots of a migration as a set; null where the server prints them in another way than this program knows. */
export function slotsOfMigration({ slotRanges }: Pick<SlotMigration, 'slotRanges'>): SlotSet | null {
  return parseSlots(slotRanges.trim().replaceAll(/\s+/g, ','));
}

/** A node as seen from here: `entry` is its own line where it answered, else what another node believes of it. */
export interface TopologyNode {
  readonly id: NodeId;
  /** Where this program connects to: as typed for a seed, else as announced, NAT map applied. */
  readonly address: Address;
  /** Where the other nodes connect to: an IP address with client port and bus port, as MEET and MIGRATE take it. */
  readonly peerAddress: Required<Address>;
  readonly entry: NodeEntry;
  readonly reach: Reached | Unreached;
}

export interface Reached {
  readonly ok: true;
  readonly view: View;
}

export interface Unreached {
  readonly ok: false;
  /** One sentence without a full stop, for a person. */
  readonly reason: string;
}

export interface Topology {
  /** The node whose view named the others; the first of `nodes` where it was reached. */
  readonly seed: Address;
  /** The seed first, then in the order of the seed's CLUSTER NODES. */
  readonly nodes: readonly TopologyNode[];
}

export type ReachedNode = TopologyNode & { readonly reach: Reached };

export function isReached(node: TopologyNode): node is ReachedNode {
  return node.reach.ok;
}

export function reachedNodes(topology: Topology): readonly ReachedNode[] {
  return topology.nodes.filter(isReached);
}

/** Every node that calls itself a primary, or that others call one where it does not answer. */
export function primariesOf(topology: Topology): readonly TopologyNode[] {
  return topology.nodes.filter((node) => roleOf(node.entry) === 'primary');
}

export function replicasOf(topology: Topology, primaryId: NodeId): readonly TopologyNode[] {
  return topology.nodes.filter((node) => node.entry.primaryId === primaryId);
}

export function findNode(topology: Topology, id: NodeId): TopologyNode | undefined {
  return topology.nodes.find((node) => node.id === id);
}

/**
 * The host that a node is on, for telling hosts apart: the address that the other nodes use, because an operator may have
 * typed one host under several names. The typed one where the others' is not known.
 */
export function hostOf(node: TopologyNode): string {
  return node.peerAddress.host || node.address.host;
}

/** The line about this node in the view of every node that answers and lists it, its own line included. */
export function beliefsAbout(topology: Topology, id: NodeId): readonly NodeEntry[] {
  return reachedNodes(topology).flatMap(({ reach }) => reach.view.entries.filter((entry) => entry.id === id));
}

/** All slots that are the node's by its own line or by what any other node believes. */
export function slotsHeldBy(topology: Topology, { id, entry }: TopologyNode): SlotSet {
  return unionSlots(entry.slots, ...beliefsAbout(topology, id).map(({ slots }) => slots));
}

/**
 * The same topology with the seed first and all other nodes by id. Servers list nodes in another order after a restart, and
 * a plan must not depend on that.
 */
export function orderedById({ seed, nodes }: Topology): Topology {
  const [first, ...others] = nodes;
  return { seed, nodes: first === undefined ? [] : [first, ...others.sort(byId)] };
}

/** Keys in all logical databases of the node's INFO keyspace section. */
export function keyCount(view: View): number {
  return keysByDatabase(view).reduce((sum, { keys }) => sum + keys, 0);
}

/** Keys in each logical database that has any. */
export function keysByDatabase({
  info,
}: Pick<View, 'info'>): readonly { readonly index: number; readonly keys: number }[] {
  return Object.entries(info).flatMap(([field, value]) => {
    const [, index] = field.startsWith('db') ? (/^db(\d+)$/.exec(field) ?? []) : [];
    return index === undefined ? [] : [{ index: Number(index), keys: Number(/keys=(\d+)/.exec(value)?.[1] ?? 0) }];
  });
}
