/** Which nodes do the others take for failed, or do not know properly? One finding for each such node. */
import type { Topology, TopologyNode } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import type { Rule } from './rule.ts';
import type { Standing } from './standing.ts';
import { standings } from './standing.ts';
import { restartOrRemove } from './unreachable.ts';
import { countInWords, listInWords, nameOf } from './words.ts';

export const failing: Rule = {
  name: 'failing',
  finds: 'nodes that others flag as failed, suspected, in handshake or without address',
  check: (topology) => {
    const all = standings(topology);
    return topology.nodes.flatMap((node) => {
      const standing = all.get(node.id);
      return standing ? findingOf(topology, node, standing) : [];
    });
  },
};

function findingOf(topology: Topology, node: TopologyNode, standing: Standing): readonly Finding[] {
  const parts = [
    standing.failed > 0 ? `failed by ${standing.failed}` : '',
    standing.suspected > 0 ? `suspected to fail by ${standing.suspected}` : '',
    standing.handshake > 0 ? `in handshake by ${standing.handshake}` : '',
    standing.addressless > 0 ? `without address by ${standing.addressless}` : '',
  ].filter((part) => part !== '');
  if (parts.length === 0) return [];
  return [
    {
      rule: 'failing',
      severity: 'warning',
      message: `Node ${nameOf(node)} is flagged as ${listInWords(parts)} of ${countInWords(standing.views, 'other node')}.`,
      nodeIds: [node.id],
      suggestion: suggestionFor(topology, node, standing),
    },
  ];
}

function suggestionFor(topology: Topology, node: TopologyNode, standing: Standing): string {
  const busPort = `the bus port ${node.peerAddress.busPort} of ${node.peerAddress.host}`;
  if (node.reach.ok) return `It answers here, so look whether the other nodes reach ${busPort}.`;
  if (standing.failed > 0 || standing.addressless > 0) return restartOrRemove(topology, node);
  return `Check again in a few seconds; if it stays, look whether the other nodes reach ${busPort}.`;
}
