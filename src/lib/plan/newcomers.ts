/** A cluster together with the nodes that are to join it. */
import { formatAddress } from '../model/address.ts';
import { hasFlag } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';

/**
 * The cluster's nodes, then those of `asked` that it does not know. A node in both is taken as it answered under the address
 * that was typed. Where the cluster has only a handshake under way with such a node, that is left out.
 */
export function withNewcomers(cluster: Topology, asked: Topology): Topology {
  const typed = new Map(asked.nodes.map((node) => [node.id, node]));
  const addresses = new Set(asked.nodes.filter(isReached).map(({ peerAddress }) => formatAddress(peerAddress)));
  const isTrace = (node: TopologyNode): boolean =>
    !isReached(node) &&
    !typed.has(node.id) &&
    hasFlag(node.entry, 'handshake') &&
    addresses.has(formatAddress(node.peerAddress));
  const members = cluster.nodes.filter((node) => !isTrace(node));
  const known = new Set(members.map(({ id }) => id));
  return {
    seed: cluster.seed,
    nodes: [
      ...members.map((node) => {
        const own = typed.get(node.id);
        return own && isReached(own) ? { ...own, peerAddress: node.peerAddress } : node;
      }),
      ...[...typed.values()].filter(({ id }) => !known.has(id)),
    ],
  };
}
