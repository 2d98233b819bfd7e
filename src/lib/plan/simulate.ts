/**
 * The executor's twin without I/O: the topology after a step, gossip settled, which is to say that all nodes that know
 * each other agree.
 */
import { present } from '../assert.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { unionSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';
import type { Plan, Step } from './plan.ts';

/** The topology once the step has had its effect. Pure: the given topology is not changed. */
export function simulate(topology: Topology, step: Step): Topology {
  switch (step.kind) {
    case 'reset':
      return reset(topology, step.node.id);
    case 'set-epoch':
      return gossip(withEntry(topology, step.node.id, (entry) => ({ ...entry, configEpoch: step.epoch })));
    case 'add-slots':
      return gossip(
        withEntry(topology, step.node.id, (entry) => ({ ...entry, slots: unionSlots(entry.slots, step.slots) })),
      );
    case 'join':
      return gossip(
        acquaint(
          topology,
          step.nodes.map(({ id }) => id),
        ),
      );
    case 'replicate':
      return gossip(withEntry(topology, step.node.id, (entry) => asReplica(entry, step.primary.id, topology)));
  }
}

/** The topology after each step of the plan, in order. */
export function simulatePlan(topology: Topology, plan: Plan): readonly Topology[] {
  const states: Topology[] = [];
  let state = topology;
  for (const step of plan.steps) {
    state = simulate(state, step);
    states.push(state);
  }
  return states;
}

type Edit = (entry: NodeEntry) => NodeEntry;

function withEntry(topology: Topology, id: NodeId, edit: Edit): Topology {
  return {
    ...topology,
    nodes: topology.nodes.map((node) => (node.id === id ? { ...node, entry: edit(node.entry) } : node)),
  };
}

function asReplica(entry: NodeEntry, primaryId: NodeId, topology: Topology): NodeEntry {
  const primary = findNode(topology, primaryId);
  return {
    ...entry,
    flags: entry.flags.map((flag) => (flag === 'master' ? 'slave' : flag)),
    primaryId,
    slots: [],
    configEpoch: primary?.entry.configEpoch ?? entry.configEpoch,
  };
}

/** Every node of the group knows every other, and whomever one of them knew before. */
function acquaint(topology: Topology, ids: readonly NodeId[]): Topology {
  const members = new Set(ids);
  const entries = new Map<NodeId, NodeEntry>();
  for (const node of topology.nodes) {
    if (!members.has(node.id) || !node.reach.ok) continue;
    for (const entry of [node.entry, ...node.reach.view.entries])
      if (!entries.has(entry.id)) entries.set(entry.id, entry);
  }
  return withViews(topology, (node, known) => (members.has(node.id) ? [...entries.values()] : known));
}

/** Every view takes over what the nodes in it say of themselves. */
function gossip(topology: Topology): Topology {
  const own = new Map(topology.nodes.map((node) => [node.id, node.entry]));
  return withViews(topology, (node, known) =>
    known.map((entry) => {
      if (entry.id === node.id) return node.entry;
      const said = own.get(entry.id);
      return said === undefined ? entry : asSeenByOthers(said);
    }),
  );
}

function asSeenByOthers(entry: NodeEntry): NodeEntry {
  return { ...entry, flags: entry.flags.filter((flag) => flag !== 'myself'), migrating: [], importing: [] };
}

function withViews(
  topology: Topology,
  edit: (node: TopologyNode, known: readonly NodeEntry[]) => readonly NodeEntry[],
): Topology {
  const nodes = topology.nodes.map((node): TopologyNode => {
    if (!node.reach.ok) return node;
    const entries = edit(node, node.reach.view.entries);
    const clusterInfo = { ...node.reach.view.clusterInfo, cluster_known_nodes: `${entries.length}` };
    return { ...node, reach: { ok: true, view: { ...node.reach.view, entries, clusterInfo } } };
  });
  return { ...topology, nodes };
}

/** The node is an empty lonely primary with a new id; the others keep what they knew, as an id that answers no more. */
function reset(topology: Topology, id: NodeId): Topology {
  const node = present(findNode(topology, id), 'a step names a node of the topology');
  const fresh = [...id].reverse().join('') as NodeId;
  const entry: NodeEntry = {
    ...node.entry,
    id: fresh,
    flags: ['myself', 'master'],
    primaryId: null,
    configEpoch: 0,
    slots: [],
    migrating: [],
    importing: [],
  };
  const nodes = topology.nodes.map((other): TopologyNode => {
    if (other.id !== id || !other.reach.ok) return other;
    const clusterInfo = { ...other.reach.view.clusterInfo, cluster_known_nodes: '1' };
    return {
      ...other,
      id: fresh,
      entry,
      reach: { ok: true, view: { ...other.reach.view, entries: [entry], clusterInfo } },
    };
  });
  return { ...topology, nodes };
}
