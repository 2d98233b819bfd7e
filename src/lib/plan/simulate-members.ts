/** What becomes of a topology when nodes join it, settle in, are forgotten, leave, or are reset. */
import { assert } from '../assert.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import { NO_SLOTS } from '../model/slot-set.ts';
import type { Topology, View } from '../model/topology.ts';
import { isReached, keyCount } from '../model/topology.ts';
import type { NodeRef, Step } from './plan.ts';
import { knownTo, nodeNamed, withoutMyself, withView } from './simulated-views.ts';

/** The node becomes an empty primary that knows nobody, under another id. Others keep what they know of the old one. */
export function reset(topology: Topology, { id, address }: NodeRef): Topology {
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
      return withView({ ...node, id: entry.id, entry, reach: { ok: true, view } }, [entry]);
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

/** Each of the nodes knows afterwards whatever any of them knew. */
export function join(topology: Topology, refs: readonly NodeRef[]): Topology {
  const believed = new Map<NodeId, NodeEntry>();
  for (const ref of refs) for (const entry of knownTo(topology, ref)) believed.set(entry.id, withoutMyself(entry));
  for (const node of topology.nodes) if (believed.has(node.id)) believed.set(node.id, withoutMyself(node.entry));
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      if (!isReached(node) || !believed.has(node.id)) return node;
      const others = [...believed.values()].filter(({ id }) => id !== node.id);
      return withView(node, [node.entry, ...others]);
    }),
  };
}

/** The newcomers serve, and those that are replicas have a link to their primary. */
export function settle(topology: Topology, { newcomers }: Extract<Step, { readonly kind: 'settle' }>): Topology {
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

/** Those that were told list the nodes no more. A node that does not answer is in a topology only while others list it. */
export function forget(topology: Topology, { nodes, by }: Extract<Step, { readonly kind: 'forget' }>): Topology {
  const gone = new Set(nodes.map(({ id }) => id));
  const told = new Set(by.map(({ id }) => id));
  const after = topology.nodes.map((node) => {
    if (!told.has(node.id) || !isReached(node)) return node;
    const { primaryId } = node.entry;
    const isOrphan = primaryId !== null && gone.has(primaryId);
    assert(!isOrphan, `${formatAddress(node.address)} follows another primary before it forgets its own`);
    const entries = node.reach.view.entries.filter(({ id }) => !gone.has(id));
    return withView(node, entries);
  });
  const listed = new Set(after.filter(isReached).flatMap(({ reach }) => reach.view.entries.map(({ id }) => id)));
  return { ...topology, nodes: after.filter((node) => isReached(node) || !gone.has(node.id) || listed.has(node.id)) };
}

/** The node is not of this topology any more. */
export function leave(topology: Topology, ref: NodeRef): Topology {
  const node = nodeNamed(topology, ref);
  const nodes = topology.nodes.filter((other) => other !== node);
  const isSeed = formatAddress(node.address) === formatAddress(topology.seed);
  return { seed: (isSeed ? nodes.find(isReached)?.address : null) ?? topology.seed, nodes };
}
