/**
 * Forming a cluster from empty nodes: which node gets which slots, whose replica the others become, and in what order
 * it is done.
 *
 * Epochs come BEFORE nodes know each other, because a server takes one only then. Slots come before that too: a
 * primary serves only some seconds after the first slot that it sees, so that clock is started first.
 */

import { present } from '../assert.ts';
import type { Finding } from '../check/finding.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { hazardsOfCreate } from './create-hazards.ts';
import { refuseCreate } from './create-refusals.ts';
import type { Layout } from './layout-file.ts';
import { placeShards } from './placement.ts';
import type { NodeRef, Planned, Step } from './plan.ts';
import { slotShares } from './slot-shares.ts';

export interface CreateOptions {
  /** Replicas for each primary. */
  readonly replicas: number;
  /** Host, as it was typed, to zone. */
  readonly zones: ReadonlyMap<string, string>;
  /** Said explicitly: nothing is placed then. */
  readonly layout?: Layout;
}

/** A shard as it will be. */
export interface DesiredShard {
  readonly primary: TopologyNode;
  readonly replicas: readonly TopologyNode[];
  readonly slots: SlotSet;
}

/** The topology is that of `observeEach`: every node with its own view. All reasons to refuse are given at once. */
export function planCreate(topology: Topology, options: CreateOptions): Planned {
  const refusals: readonly Finding[] = refuseCreate(topology, options);
  if (refusals.length > 0) return { ok: false, refusals };
  const shards = options.layout === undefined ? placed(topology, options) : laidOut(topology, options.layout);
  const steps: readonly Step[] = [
    ...epochSteps(topology),
    ...slotSteps(shards),
    ...joinSteps(topology),
    ...replicaSteps(shards),
  ];
  const intention = `create a cluster of ${shards.length} shards from ${topology.nodes.length} nodes`;
  const hazards = hazardsOfCreate(topology, shards);
  return { ok: true, plan: { version: 1, intention, basis: basisOf(topology), steps, hazards } };
}

function placed(topology: Topology, options: CreateOptions): readonly DesiredShard[] {
  const nodes = topology.nodes.map(({ id, address }) => ({
    id,
    host: address.host,
    zone: options.zones.get(address.host) ?? null,
  }));
  const shards = placeShards(nodes, options.replicas);
  const shares = slotShares(shards.length);
  return shards.map(({ primary, replicas }, index) => ({
    primary: nodeOf(topology, primary),
    replicas: replicas.map((id) => nodeOf(topology, id)),
    slots: present(shares[index], 'there is a share for each shard'),
  }));
}

function laidOut(topology: Topology, layout: Layout): readonly DesiredShard[] {
  const byAddress = new Map(topology.nodes.map((node) => [formatAddress(node.address), node]));
  const find = (name: string): TopologyNode =>
    present(byAddress.get(name), 'the nodes of a layout are the ones observed');
  const shares = slotShares(layout.length);
  return layout.map(({ primary, replicas, slots }, index) => ({
    primary: find(formatAddress(primary)),
    replicas: replicas.map((replica) => find(formatAddress(replica))),
    slots: slots ?? present(shares[index], 'there is a share for each shard'),
  }));
}

/** Unique epochs from 1 upwards; a node that has one keeps it. */
function epochSteps(topology: Topology): readonly Step[] {
  const used = new Set(topology.nodes.map(({ entry }) => entry.configEpoch));
  let next = 1;
  return topology.nodes
    .filter(({ entry }) => entry.configEpoch === 0)
    .map((node) => {
      while (used.has(next)) next++;
      used.add(next);
      return { kind: 'set-epoch', node: refOf(node), epoch: next };
    });
}

function slotSteps(shards: readonly DesiredShard[]): readonly Step[] {
  return shards.map(({ primary, slots }) => ({ kind: 'add-slots', node: refOf(primary), slots }));
}

function joinSteps(topology: Topology): readonly Step[] {
  return topology.nodes.length === 1 ? [] : [{ kind: 'join', nodes: topology.nodes.map(refOf) }];
}

function replicaSteps(shards: readonly DesiredShard[]): readonly Step[] {
  return shards.flatMap(({ primary, replicas }) =>
    replicas.map((replica): Step => ({ kind: 'replicate', node: refOf(replica), primary: refOf(primary) })),
  );
}

function refOf({ id, address }: TopologyNode): NodeRef {
  return { id, address: formatAddress(address) };
}

function nodeOf(topology: Topology, id: NodeId): TopologyNode {
  return present(findNode(topology, id), 'placement names only nodes it was given');
}
