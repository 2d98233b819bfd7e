/**
 * What a step makes of a topology: the executor's twin without I/O. Gossip is taken to be settled, so after each step
 * all nodes that know each other agree.
 */
import { assert, present } from '../assert.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { hasFlag } from '../model/node.ts';
import { ALL_SLOTS, countSlots, intersectSlots, NO_SLOTS, SLOT_COUNT, unionSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode, View } from '../model/topology.ts';
import { findNode, isReached, keyCount } from '../model/topology.ts';
import type { NodeRef, Plan, Step } from './plan.ts';

/** The topology after the step. The step's precondition must hold: planning a step that cannot work is a bug. */
export function simulate(topology: Topology, step: Step): Topology {
  return withClusterInfo(change(topology, step));
}

/** The topologies after each step of the plan, in order; none for a plan without steps. */
export function simulatePlan(topology: Topology, plan: Plan): readonly Topology[] {
  const states: Topology[] = [];
  for (const step of plan.steps) states.push(simulate(states.at(-1) ?? topology, step));
  return states;
}

function change(topology: Topology, step: Step): Topology {
  switch (step.kind) {
    case 'reset':
      return reset(topology, step.node);
    case 'set-epoch':
      return withEntry(topology, step.node.id, (entry) => {
        assert(entry.configEpoch === 0, `${step.node.address} takes a config epoch while it has none`);
        return { ...entry, configEpoch: step.epoch };
      });
    case 'add-slots':
      return withEntry(topology, step.node.id, (entry) => {
        const taken = knownTo(topology, step.node).map(({ slots }) => intersectSlots(slots, step.slots));
        assert(countSlots(unionSlots(...taken)) === 0, `the slots added to ${step.node.address} are free`);
        return { ...entry, slots: unionSlots(entry.slots, step.slots) };
      });
    case 'join':
      return join(topology, step.nodes);
    case 'replicate':
      return replicate(topology, step.node, step.primary);
  }
}

/** The node becomes an empty primary that knows nobody, under another id. Others keep what they know of the old one. */
function reset(topology: Topology, { id, address }: NodeRef): Topology {
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      if (node.id !== id) return node;
      assert(
        isReached(node) && keyCount(node.reach.view) === 0,
        `${address} is reachable and holds no keys when it is reset`,
      );
      const entry: NodeEntry = {
        ...node.entry,
        id: idAfterReset(id),
        flags: ['myself', 'master'],
        primaryId: null,
        configEpoch: 0,
        slots: NO_SLOTS,
        migrating: [],
        importing: [],
      };
      const { master_link_status: _, ...info } = node.reach.view.info;
      const view: View = { ...node.reach.view, entries: [entry], info: { ...info, role: 'master' }, migrations: [] };
      return { ...node, id: entry.id, entry, reach: { ok: true, view } };
    }),
  };
}

/** A server draws its new id at random; here the same id always gives the same, and another one each time. */
function idAfterReset(id: NodeId): NodeId {
  const step = 0x9e3779b97f4a7c15f39cc0605cedc8341082276bn;
  return BigInt.asUintN(160, BigInt(`0x${id}`) + step)
    .toString(16)
    .padStart(40, '0') as NodeId;
}

/** All that the nodes know between them, each of them knows afterwards. */
function join(topology: Topology, refs: readonly NodeRef[]): Topology {
  const believed = new Map<NodeId, NodeEntry>();
  for (const ref of refs) for (const entry of knownTo(topology, ref)) believed.set(entry.id, withoutMyself(entry));
  for (const node of topology.nodes) if (believed.has(node.id)) believed.set(node.id, withoutMyself(node.entry));
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      if (!isReached(node) || !believed.has(node.id)) return node;
      const others = [...believed.values()].filter(({ id }) => id !== node.id);
      return withEntries(node, [node.entry, ...others]);
    }),
  };
}

function replicate(topology: Topology, ref: NodeRef, primary: NodeRef): Topology {
  const desired = knownTo(topology, ref).find(({ id }) => id === primary.id);
  assert(desired !== undefined, `${ref.address} knows ${primary.address} before it becomes its replica`);
  const replicating = withEntry(topology, ref.id, (entry) => {
    assert(entry.slots.length === 0, `${ref.address} owns no slots when it becomes a replica`);
    const flags = entry.flags.map((flag) => (flag === 'master' ? 'slave' : flag));
    return { ...entry, flags, primaryId: primary.id, configEpoch: desired.configEpoch };
  });
  return {
    ...replicating,
    nodes: replicating.nodes.map((node) => {
      if (node.id !== ref.id || !isReached(node)) return node;
      const info = { ...node.reach.view.info, role: 'slave', master_link_status: 'up' };
      return { ...node, reach: { ok: true, view: { ...node.reach.view, info } } };
    }),
  };
}

/** Changes the node's own entry, and with it what all who know the node believe of it. */
function withEntry(topology: Topology, id: NodeId, edit: (entry: NodeEntry) => NodeEntry): Topology {
  const old = present(findNode(topology, id), `the plan is about nodes of the topology, and ${id} is one`).entry;
  const own = edit(old);
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      const seen = node.id === id ? { ...node, entry: own } : node;
      if (!isReached(seen) || !seen.reach.view.entries.some((entry) => entry.id === id)) return seen;
      const entries = seen.reach.view.entries.map((entry) => {
        if (entry.id !== id) return entry;
        return hasFlag(entry, 'myself') ? own : { ...withoutMyself(own), link: entry.link };
      });
      return withEntries(seen, entries);
    }),
  };
}

/** What the node knows; it must be reachable, for no step is done on one that is not. */
function knownTo(topology: Topology, { id, address }: NodeRef): readonly NodeEntry[] {
  const node = findNode(topology, id);
  assert(node && isReached(node), `${address} is reachable when a step is about it`);
  return node.reach.view.entries;
}

function withEntries(node: TopologyNode, entries: readonly NodeEntry[]): TopologyNode {
  return node.reach.ok ? { ...node, reach: { ok: true, view: { ...node.reach.view, entries } } } : node;
}

function withoutMyself(entry: NodeEntry): NodeEntry {
  return { ...entry, flags: entry.flags.filter((flag) => flag !== 'myself') };
}

/** Brings what CLUSTER INFO counts in line with what each node knows. */
function withClusterInfo(topology: Topology): Topology {
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      if (!isReached(node)) return node;
      const { entries } = node.reach.view;
      const assigned = countSlots(intersectSlots(unionSlots(...entries.map(({ slots }) => slots)), ALL_SLOTS));
      const clusterInfo = {
        ...node.reach.view.clusterInfo,
        cluster_state: assigned === SLOT_COUNT ? 'ok' : 'fail',
        cluster_slots_assigned: `${assigned}`,
        cluster_slots_ok: `${assigned}`,
        cluster_known_nodes: `${entries.length}`,
        cluster_size: `${entries.filter(({ slots }) => slots.length > 0).length}`,
      };
      return { ...node, reach: { ok: true, view: { ...node.reach.view, clusterInfo } } };
    }),
  };
}
