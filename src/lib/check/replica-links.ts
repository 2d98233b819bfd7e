/** Does every replica follow a primary, and is its copy up to date? */
import { formatAddress } from '../model/address.ts';
import { roleOf } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import type { Rule } from './rule.ts';
import { nameById, nameOf } from './words.ts';

export const replicaLinks: Rule = {
  name: 'replica-links',
  finds: 'replicas that copy, have lost their primary, or follow a node that is no primary',
  check: (topology) =>
    topology.nodes
      .filter((node) => roleOf(node.entry) === 'replica')
      .flatMap((node) => [...wrongPrimary(topology, node), ...brokenLink(topology, node)]),
};

/** True where the replica answers and says that its link to its primary is up. */
export function isLinkUp(replica: TopologyNode): boolean {
  if (!isReached(replica)) return false;
  const { master_link_status: status } = replica.reach.view.info;
  return status === 'up';
}

function wrongPrimary(topology: Topology, node: TopologyNode): readonly Finding[] {
  const id = node.entry.primaryId;
  if (id === null) return [warning(node, `Replica ${nameOf(node)} does not say whose replica it is.`)];
  const primary = findNode(topology, id);
  const reassign = `Send it CLUSTER REPLICATE with the id of a primary.`;
  if (primary === undefined)
    return [warning(node, `Replica ${nameOf(node)} replicates the unknown node ${id}.`, reassign)];
  if (roleOf(primary.entry) === 'primary') return [];
  return [warning(node, `Replica ${nameOf(node)} replicates ${nameOf(primary)}, which is no primary.`, reassign)];
}

function brokenLink(topology: Topology, node: TopologyNode): readonly Finding[] {
  if (!isReached(node)) return [];
  const {
    master_link_status: status,
    master_sync_in_progress: syncing,
    master_link_down_since_seconds: downSeconds = '-1',
  } = node.reach.view.info;
  const primaryId = node.entry.primaryId;
  const primary = primaryId === null ? 'its primary' : nameById(topology, primaryId);
  if (syncing === '1') {
    return [
      warning(
        node,
        `Replica ${nameOf(node)} is copying the data of ${primary} and cannot take over yet.`,
        `Wait until the copy is complete: cluster check ${formatAddress(topology.seed)}`,
      ),
    ];
  }
  if (status === undefined || status === 'up') return [];
  return [
    warning(
      node,
      `Replica ${nameOf(node)} has no link to ${primary}${Number(downSeconds) >= 0 ? ` since ${downSeconds} s` : ''}.`,
      `Look into the log of ${nameOf(node)} for the reason (network, masterauth, memory).`,
    ),
  ];
}

function warning(node: TopologyNode, message: string, suggestion?: string): Finding {
  const finding: Finding = { rule: 'replica-links', severity: 'warning', message, nodeIds: [node.id] };
  return suggestion === undefined ? finding : { ...finding, suggestion };
}
