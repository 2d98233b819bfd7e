/**
 * What a step makes of a topology: the executor's twin without I/O. Gossip is taken to be settled, so after each step
 * all nodes that know each other agree.
 */
import { assert, present } from '../assert.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId, OpenSlot } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import {
  countSlots,
  hasSlot,
  intersectSlots,
  NO_SLOTS,
  SLOT_COUNT,
  type SlotSet,
  slotSetOf,
  subtractSlots,
  unionSlots,
} from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode, View } from '../model/topology.ts';
import { findNode, isReached, keyCount } from '../model/topology.ts';
import type { MoveSlots, NodeRef, Plan, Step } from './plan.ts';
import { isFixStep, simulateFix } from './simulate-fix.ts';

/** The topology after the step. The step's precondition must hold: planning a step that cannot work is a bug. */
export function simulate(topology: Topology, step: Step): Topology {
  return perform(topology, [step]);
}

/** The topologies after each step of the plan, in order; none for a plan without steps. */
export function simulatePlan(topology: Topology, plan: Plan): readonly Topology[] {
  const states: Topology[] = [];
  for (const step of plan.steps) states.push(simulate(states.at(-1) ?? topology, step));
  return states;
}

/** The topology after the whole plan: the last of {@link simulatePlan}, in a fraction of the time for many nodes. */
export function simulateEnd(topology: Topology, plan: Plan): Topology {
  const runs: Step[][] = [];
  for (const step of plan.steps) {
    const run = runs.at(-1);
    if (run?.[0]?.kind === step.kind) run.push(step);
    else runs.push([step]);
  }
  return runs.reduce(perform, topology);
}

/** Steps that follow each other and do not depend on each other, as a plan's neighbours of one kind. */
function perform(topology: Topology, steps: readonly Step[]): Topology {
  let now = topology;
  const edited = new Map<NodeId, NodeEntry>();
  for (const step of steps) {
    if (isFixStep(step)) now = simulateFix(now, step);
    else if (step.kind === 'reset') now = reset(now, step.node);
    else if (step.kind === 'join') now = join(now, step.nodes);
    else if (step.kind === 'forget') now = forget(now, step);
    else if (step.kind === 'leave') now = leave(now, step.node);
    else if (step.kind === 'settle') now = settle(now, step);
    else if (step.kind === 'copy-functions') continue;
    else if (step.kind === 'move-slots') {
      for (const entry of movedEntries(now, edited, step)) edited.set(entry.id, entry);
    } else if (step.kind === 'import-keys')
      continue; // slots and roles stay as they are
    else edited.set(step.node.id, editedEntry(now, edited, step));
  }
  return edited.size === 0 ? now : withOwnEntries(now, edited);
}

/** What the node says of itself after the step; `edited` has what others say of themselves meanwhile. */
function editedEntry(
  topology: Topology,
  edited: ReadonlyMap<NodeId, NodeEntry>,
  step: Extract<Step, { readonly kind: 'set-epoch' | 'add-slots' | 'replicate' }>,
): NodeEntry {
  const { id, address } = step.node;
  const node = present(findNode(topology, id), `the plan is about nodes of the topology, and ${address} is one`);
  const entry = edited.get(id) ?? node.entry;
  const known = knownTo(topology, step.node).map((other) => edited.get(other.id) ?? other);
  switch (step.kind) {
    case 'set-epoch':
      assert(entry.configEpoch === 0, `${address} takes a config epoch while it has none`);
      assert(known.length === 1, `${address} takes a config epoch before it knows another node`);
      return { ...entry, configEpoch: step.epoch };
    case 'add-slots': {
      const isFree = known.every(({ slots }) => intersectSlots(slots, step.slots).length === 0);
      assert(isFree, `the slots added to ${address} are free`);
      return { ...entry, slots: unionSlots(entry.slots, step.slots) };
    }
    case 'replicate': {
      const primary = known.find((other) => other.id === step.primary.id);
      assert(primary !== undefined, `${address} knows ${step.primary.address} before it becomes its replica`);
      assert(entry.slots.length === 0, `${address} owns no slots when it becomes a replica`);
      const flags = entry.flags.map((flag) => (flag === 'master' ? 'slave' : flag));
      return { ...entry, flags, primaryId: primary.id, configEpoch: primary.configEpoch };
    }
  }
}

/**
 * What source and target say of themselves after the move, and the target's replicas. The target takes a new config
 * epoch, the highest of all, unless it has that already: without it nobody would believe that the slots are its own.
 * Source: `clusterBumpConfigEpochWithoutConsensus`, at SETSLOT NODE as at the end of an atomic move; all versions. An
 * emptied source stays what it is here, because whether it becomes a replica is for its settings to say.
 */
function movedEntries(
  topology: Topology,
  edited: ReadonlyMap<NodeId, NodeEntry>,
  { source, target, slots }: MoveSlots,
): readonly NodeEntry[] {
  const known = knownTo(topology, target).map((other) => edited.get(other.id) ?? other);
  const entryOf = ({ id, address }: NodeRef): NodeEntry => {
    const node = present(findNode(topology, id), `the plan is about nodes of the topology, and ${address} is one`);
    return edited.get(id) ?? node.entry;
  };
  const [giving, taking] = [entryOf(source), entryOf(target)];
  assert(source.id !== target.id, `${source.address} moves slots to another node`);
  // Slots that the target owns already, but that somebody still has open, are only closed: see `remaining.ts`.
  const given = subtractSlots(slots, intersectSlots(taking.slots, openIn(topology, edited)));
  assert(subtractSlots(given, giving.slots).length === 0, `${source.address} owns the slots that it gives`);
  assert(
    known.some(({ id }) => id === source.id),
    `${target.address} knows ${source.address} before it takes slots`,
  );
  const parties = given.length === 0 ? [taking] : [giving, taking];
  for (const entry of parties) assert(roleOf(entry) === 'primary', 'only primaries give and take slots');
  const current = currentEpochOf(topology, target);
  const highest = known.reduce((epoch, entry) => Math.max(epoch, entry.configEpoch), current);
  const configEpoch = taking.configEpoch === highest && highest > 0 ? highest : highest + 1;
  const still = ({ slot }: OpenSlot): boolean => !hasSlot(slots, slot);
  const closed = (entry: NodeEntry): Pick<NodeEntry, 'migrating' | 'importing'> => ({
    migrating: entry.migrating.filter(still),
    importing: entry.importing.filter(still),
  });
  return [
    { ...giving, ...closed(giving), slots: subtractSlots(giving.slots, slots) },
    { ...taking, ...closed(taking), slots: unionSlots(taking.slots, slots), configEpoch },
    ...topology.nodes
      .map((node) => edited.get(node.id) ?? node.entry)
      .filter(({ primaryId }) => primaryId === target.id)
      .map((entry) => ({ ...entry, configEpoch })),
  ];
}

/** All slots that some node has open. */
function openIn(topology: Topology, edited: ReadonlyMap<NodeId, NodeEntry>): SlotSet {
  const entries = topology.nodes.filter(isReached).map((node) => edited.get(node.id) ?? node.entry);
  return slotSetOf(entries.flatMap(({ migrating, importing }) => [...migrating, ...importing].map(({ slot }) => slot)));
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
      const view: View = { ...node.reach.view, migrations: [] };
      return withEntries({ ...node, id: entry.id, entry, reach: { ok: true, view } }, [entry]);
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

/** The newcomers serve: those that are replicas have their link. */
function settle(topology: Topology, { newcomers }: Extract<Step, { readonly kind: 'settle' }>): Topology {
  const ids = new Set(newcomers.map(({ node }) => node.id));
  const nodes = topology.nodes.map((node) => {
    if (!ids.has(node.id) || !isReached(node)) return node;
    const { view } = node.reach;
    const link = roleOf(node.entry) === 'replica' ? { master_link_status: 'up' } : {};
    const clusterInfo = { ...view.clusterInfo, cluster_state: 'ok' };
    return { ...node, reach: { ok: true, view: { ...view, clusterInfo, info: { ...view.info, ...link } } } } as const;
  });
  return { ...topology, nodes };
}

/** Those that were told list the nodes no more. One that does not answer is in a topology only while others list it. */
function forget(topology: Topology, { nodes, by }: Extract<Step, { readonly kind: 'forget' }>): Topology {
  const gone = new Set(nodes.map(({ id }) => id));
  const told = new Set(by.map(({ id }) => id));
  const after = topology.nodes.map((node) => {
    if (!told.has(node.id) || !isReached(node)) return node;
    const { primaryId } = node.entry;
    const isOrphan = primaryId !== null && gone.has(primaryId);
    assert(!isOrphan, `${formatAddress(node.address)} follows another primary before it forgets its own`);
    const entries = node.reach.view.entries.filter(({ id }) => !gone.has(id));
    return withEntries(node, entries);
  });
  const listed = new Set(after.filter(isReached).flatMap(({ reach }) => reach.view.entries.map(({ id }) => id)));
  return { ...topology, nodes: after.filter((node) => isReached(node) || !gone.has(node.id) || listed.has(node.id)) };
}

/** The node is not of this topology any more. */
function leave(topology: Topology, { id, address }: NodeRef): Topology {
  const node = present(findNode(topology, id), `the plan is about nodes of the topology, and ${address} is one`);
  const nodes = topology.nodes.filter((other) => other !== node);
  const isSeed = formatAddress(node.address) === formatAddress(topology.seed);
  return { seed: (isSeed ? nodes.find(isReached)?.address : null) ?? topology.seed, nodes };
}

/** Changes what nodes say of themselves, and with it what all who know them believe. */
function withOwnEntries(topology: Topology, edited: ReadonlyMap<NodeId, NodeEntry>): Topology {
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
      return withEntries({ ...node, entry }, seen);
    }),
  };
}

/** What the node knows; it must be reachable, for no step is done on one that is not. */
function knownTo(topology: Topology, { id, address }: NodeRef): readonly NodeEntry[] {
  const node = findNode(topology, id);
  assert(node && isReached(node), `${address} is reachable when a step is about it`);
  return node.reach.view.entries;
}

/** The epoch of the last election or move that the node has heard of; 0 where it does not say. */
function currentEpochOf(topology: Topology, { id }: NodeRef): number {
  const node = findNode(topology, id);
  const { cluster_current_epoch: epoch = '0' } = node?.reach.ok ? node.reach.view.clusterInfo : {};
  return Number(epoch);
}

/** Gives the node this view, with what INFO and CLUSTER INFO tell of it. */
function withEntries(node: ReachedNode, entries: readonly NodeEntry[]): TopologyNode {
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

function withoutMyself(entry: NodeEntry): NodeEntry {
  return { ...entry, flags: entry.flags.filter((flag) => flag !== 'myself') };
}
