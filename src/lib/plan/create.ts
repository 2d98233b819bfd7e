/** Makes one cluster from nodes that each know only themselves. */
import { present } from '../assert.ts';
import { countInWords, nameOf } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { hostOf } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { createHazards } from './create-hazards.ts';
import { createRefusals } from './create-refusals.ts';
import type { Layout } from './layout-file.ts';
import { refTo } from './node-ref.ts';
import { placeShards } from './placement.ts';
import type { Plan, Planned, Step } from './plan.ts';
import { slotShares } from './slot-shares.ts';

export interface CreateOptions {
  /** How many for each primary. Has no effect where there is a layout. */
  readonly replicas: number;
  /** The zone of each host, by the address that was typed or by the one that its nodes announce. */
  readonly zones: ReadonlyMap<string, string>;
  /** The shards as the operator wants them, instead of a computed placement. */
  readonly layout?: Layout;
}

/** A shard of the cluster that is to be made. */
export interface PlannedShard {
  readonly primary: TopologyNode;
  readonly replicas: readonly TopologyNode[];
  readonly slots: SlotSet;
}

/**
 * The plan that makes the nodes of the topology (as `observeEach` gives it, in the operator's order) a cluster that
 * owns every slot. In this ORDER: config epochs, while no node knows another, so that none collides; slots, so that
 * each primary joins with what it owns; the meeting of each shard; its replicas, which have to know their primary; and
 * the meeting of all.
 *
 * Refused, with every reason at once: `unreachable`, `not-empty`, `not-primary`, `slots-assigned`, `same-node-twice`,
 * `too-few-nodes`, `layout-mismatch`. Hazards: `mixed-products`, `mixed-versions`, `few-primaries`,
 * `shard-on-one-host`, `host-majority`. For how nodes are placed see `placement.ts`, for the slots `slot-shares.ts`.
 */
export function planCreate(topology: Topology, options: CreateOptions): Planned {
  const refusals = createRefusals(topology, options);
  if (refusals.length > 0) return { ok: false, refusals };
  const shards = options.layout ? layoutShards(topology, options.layout) : placedShards(topology, options);
  const plan: Plan = {
    version: 1,
    intention: intentionOf(topology, shards),
    basis: basisOf(topology),
    steps: [...epochSteps(topology), ...shardSteps(topology, shards)],
    hazards: createHazards(topology, shards),
  };
  return { ok: true, plan };
}

function placedShards(topology: Topology, { replicas, zones }: CreateOptions): readonly PlannedShard[] {
  const zoneOf = new Map<string, string>();
  for (const node of topology.nodes) {
    const zone = zones.get(node.address.host) ?? zones.get(hostOf(node));
    if (zone !== undefined && !zoneOf.has(hostOf(node))) zoneOf.set(hostOf(node), zone);
  }
  const nodes = topology.nodes.map((node) => ({
    id: node.id,
    host: hostOf(node),
    zone: zoneOf.get(hostOf(node)) ?? null,
  }));
  const placed = placeShards(nodes, replicas);
  const shares = slotShares(placed.length);
  const byId = new Map(topology.nodes.map((node) => [node.id, node]));
  return placed.map((shard, index) => ({
    primary: nodeIn(byId, shard.primary),
    replicas: shard.replicas.map((id) => nodeIn(byId, id)),
    slots: shares[index] ?? [],
  }));
}

function layoutShards(topology: Topology, layout: Layout): readonly PlannedShard[] {
  const shares = slotShares(layout.length);
  const byAddress = new Map(topology.nodes.map((node) => [nameOf(node), node]));
  return layout.map((shard, index) => ({
    primary: nodeIn(byAddress, formatAddress(shard.primary)),
    replicas: shard.replicas.map((address) => nodeIn(byAddress, formatAddress(address))),
    slots: shard.slots ?? shares[index] ?? [],
  }));
}

function nodeIn<Key>(nodes: ReadonlyMap<Key, TopologyNode>, key: Key): TopologyNode {
  return present(nodes.get(key), 'shards are made of nodes that were asked; anything else was refused');
}

/** `create a cluster of 3 shards from 6 nodes`. */
function intentionOf(topology: Topology, shards: readonly PlannedShard[]): string {
  return `create a cluster of ${countInWords(shards.length, 'shard')} from ${countInWords(topology.nodes.length, 'node')}`;
}

/** Nodes that have an epoch keep it: they refuse SET-CONFIG-EPOCH. The others get the lowest ones that nobody has. */
function epochSteps(topology: Topology): readonly Step[] {
  const used = new Set(topology.nodes.map((node) => node.entry.configEpoch));
  let epoch = 0;
  return topology.nodes
    .filter((node) => node.entry.configEpoch === 0)
    .map((node) => {
      do epoch++;
      while (used.has(epoch));
      return { kind: 'set-epoch', node: refTo(node), epoch };
    });
}

/**
 * Slots, then each shard by itself, then all together. Two delays of some seconds should begin as early as possible: the one
 * between a primary's first slot and its serving (the rejoin delay), and the one before it serves its first replica
 * (repl-diskless-sync-delay). The few nodes of a shard meet at once, while the meeting of all takes longer the more they are.
 */
function shardSteps(topology: Topology, shards: readonly PlannedShard[]): readonly Step[] {
  const withReplicas = shards.filter(({ replicas }) => replicas.length > 0);
  return [
    ...shards.map(({ primary, slots }): Step => ({ kind: 'add-slots', node: refTo(primary), slots })),
    ...withReplicas.map(({ primary, replicas }): Step => ({ kind: 'join', nodes: [primary, ...replicas].map(refTo) })),
    ...withReplicas.flatMap(({ primary, replicas }) =>
      replicas.map((replica): Step => ({ kind: 'replicate', node: refTo(replica), primary: refTo(primary) })),
    ),
    ...(shards.length > 1 ? [{ kind: 'join', nodes: topology.nodes.map(refTo) } as const] : []),
  ];
}
