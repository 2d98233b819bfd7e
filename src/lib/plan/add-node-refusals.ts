/** Why can these nodes not be added to this cluster? Everything at once, so that an operator mends it in one go. */
import type { Finding } from '../check/finding.ts';
import { checkTopology } from '../check/rules.ts';
import { countInWords, nameOf } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import { countSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { AddRequest } from './add-nodes.ts';
import { notEmpty, refuseInUse, refuseKeys } from './create-refusals.ts';
import { refuseUnhealthy } from './move-refusals.ts';
import { refuseUnreached } from './unreached.ts';

/** First about the cluster, then about each node in the operator's order. `primary`: named by `--of`, else null. */
export function refuseNewcomers(
  topology: Topology,
  request: AddRequest,
  primary: TopologyNode | null,
): readonly Finding[] {
  const nodes = request.ids.flatMap((id) => findNode(topology, id) ?? []);
  return [
    ...refuseIll(topology, request.ids),
    ...(primary === null ? [] : refuseUnreached(primary, 'cannot have new replicas')),
    ...sameTwice(nodes, request.ids),
    ...[...new Set(nodes)].flatMap((node) =>
      isReached(node)
        ? [...refuseOccupied(topology, request, node, primary), ...refuseFunctions(request, node)]
        : refuseUnreached(node, 'cannot be added'),
    ),
  ];
}

/**
 * As redis-cli, adds nothing to a cluster with errors. But nodes without slots may have been added a moment ago: that they do
 * not serve yet does not count.
 */
function refuseIll(topology: Topology, ids: readonly NodeId[]): readonly Finding[] {
  const isMember = ({ id, entry }: TopologyNode): boolean => entry.slots.length > 0 || !ids.includes(id);
  const members = { ...topology, nodes: topology.nodes.filter(isMember) };
  const isIdle = (id: NodeId): boolean => findNode(members, id)?.entry.slots.length === 0;
  const findings = checkTopology(members).filter(
    ({ rule, nodeIds }) => rule !== 'cluster-state' || !nodeIds.every(isIdle),
  );
  return refuseUnhealthy(members, 'adding nodes', findings);
}

function sameTwice(nodes: readonly TopologyNode[], ids: readonly NodeId[]): readonly Finding[] {
  const twice = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
  return nodes
    .filter((node, index) => twice.includes(node.id) && nodes.indexOf(node) === index)
    .map((node) => ({
      rule: 'same-node-twice',
      severity: 'error',
      message: `Node ${nameOf(node)} is named more than once, perhaps by several addresses.`,
      nodeIds: [node.id],
      suggestion: `Name it once: ${nameOf(node)}.`,
    }));
}

/** Not refused: an empty node, and one that an interrupted run has already made what it is to be. */
function refuseOccupied(
  topology: Topology,
  { ids, role, rebalance }: AddRequest,
  node: ReachedNode,
  primary: TopologyNode | null,
): readonly Finding[] {
  const isMember = isKnownHere(topology, ids, node);
  if (!isMember) return refuseInUse(node);
  if (roleOf(node.entry) === 'replica') {
    const own = node.entry.primaryId === null ? undefined : findNode(topology, node.entry.primaryId);
    const isWanted = role.kind === 'replica' && own !== undefined && (primary === null || primary.id === own.id);
    if (isWanted) return [];
    return [
      occupied(topology, node, `is a replica of ${own ? nameOf(own) : 'an unknown node'} in this cluster already`),
    ];
  }
  const slots = countSlots(node.entry.slots);
  if (slots > 0 && rebalance === null)
    return [occupied(topology, node, `is a primary with ${countInWords(slots, 'slot')} in this cluster already`)];
  return slots > 0 ? [] : refuseKeys(node);
}

/** True for a node that has begun to join this very cluster: it knows nodes of it and no others, or is known there. */
function isKnownHere(topology: Topology, ids: readonly NodeId[], node: ReachedNode): boolean {
  const others = topology.nodes.filter((other) => other.id !== node.id);
  const ports = new Set(others.map(({ peerAddress }) => formatAddress(peerAddress)));
  const known = node.reach.view.entries.filter(({ id }) => id !== node.id);
  const isStrange = known.some((entry) =>
    hasFlag(entry, 'handshake') ? !ports.has(formatAddress(entry.address)) : findNode(topology, entry.id) === undefined,
  );
  const isKnown = others.some(
    (other) => !ids.includes(other.id) && isReached(other) && other.reach.view.entries.some(({ id }) => id === node.id),
  );
  return !isStrange && (known.length > 0 || isKnown);
}

function occupied(topology: Topology, node: ReachedNode, because: string): Finding {
  const seed = formatAddress(topology.seed);
  return notEmpty(
    node,
    `${nameOf(node)} ${because}. See: cluster nodes ${seed}. To take it out first: cluster del-node ${seed} ${node.id}`,
  );
}

/** In redis-cli's words. */
function refuseFunctions({ role, functions }: AddRequest, node: ReachedNode): readonly Finding[] {
  if (role.kind === 'replica' || functions.states.get(node.id) !== 'other') return [];
  const others = functions.source === null ? 'the cluster has none' : `not those of ${functions.source.address}`;
  return [
    {
      rule: 'has-functions',
      severity: 'error',
      message: `New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.`,
      nodeIds: [node.id],
      suggestion: `${nameOf(node)} has functions of its own, ${others}: if nobody needs them, send it FUNCTION FLUSH.`,
    },
  ];
}
