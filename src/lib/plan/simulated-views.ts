/**
 * What the simulation of any step needs: nodes of a topology by their names in a plan, and topologies in which nodes say
 * something else than before.
 */
import { assert, present } from '../assert.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import { countSlots, SLOT_COUNT, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { NodeRef } from './plan.ts';

/** The node that a step names. */
export function nodeNamed(topology: Topology, { id, address }: NodeRef): TopologyNode {
  return present(findNode(topology, id), `the plan is about nodes of the topology, and ${address} is one`);
}

/** What the node knows of itself and of all others. It must be reachable: no step is done on a node that is not. */
export function knownTo(topology: Topology, { id, address }: NodeRef): readonly NodeEntry[] {
  const node = findNode(topology, id);
  assert(node && isReached(node), `${address} is reachable when a step is about it`);
  return node.reach.view.entries;
}

/** The topology in which these nodes say this of themselves, and all who know them believe it. */
export function withOwnEntries(topology: Topology, edited: ReadonlyMap<NodeId, NodeEntry>): Topology {
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      if (!isReached(node)) return node;
      const { entries } = node.reach.view;
      if (!entries.some(({ id }) => edited.has(id))) return node;
      const entry = edited.get(node.id) ?? node.entry;
      const seen = entries.map((old) => {
        const own = edited.get(old.id);
        if (own === undefined) return old;
        return hasFlag(old, 'myself') ? own : { ...withoutMyself(own), link: old.link };
      });
      return withView({ ...node, entry }, seen);
    }),
  };
}

/** The node with this view, and with what INFO and CLUSTER INFO then say. */
export function withView(node: ReachedNode, entries: readonly NodeEntry[]): TopologyNode {
  const { view } = node.reach;
  const assigned = countSlots(unionSlots(...entries.map(({ slots }) => slots)));
  const clusterInfo = {
    ...view.clusterInfo,
    cluster_state: assigned === SLOT_COUNT ? 'ok' : 'fail',
    cluster_slots_assigned: `${assigned}`,
    cluster_slots_ok: `${assigned}`,
    cluster_known_nodes: `${entries.length}`,
    cluster_size: `${entries.filter(({ slots }) => slots.length > 0).length}`,
  };
  const { master_link_status: link = 'up', ...rest } = view.info;
  const info =
    roleOf(node.entry) === 'primary'
      ? { ...rest, role: 'master' }
      : { ...rest, role: 'slave', master_link_status: link };
  return { ...node, reach: { ok: true, view: { ...view, entries, clusterInfo, info } } };
}

/** The line as it stands in the views of others. */
export function withoutMyself(entry: NodeEntry): NodeEntry {
  return { ...entry, flags: entry.flags.filter((flag) => flag !== 'myself') };
}
