/** Does every node serve? A node that says `cluster_state:fail` answers its clients with CLUSTERDOWN. */
import { formatAddress } from '../model/address.ts';
import type { ReachedNode } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { nodesInWords } from './words.ts';

export const clusterState: Rule = {
  name: 'cluster-state',
  finds: 'nodes whose cluster_state is not ok',
  check: (topology) =>
    [...groupBy(reachedNodes(topology).filter(isDown), stateOf)].map(([state, nodes]) => ({
      rule: 'cluster-state',
      severity: 'error',
      message: `${nodesInWords(nodes)} ${nodes.length === 1 ? 'says' : 'say'} that the cluster state is ${state}.`,
      nodeIds: nodes.map((node) => node.id),
      suggestion: `Mend what else is found here, then wait a few seconds: cluster check ${formatAddress(topology.seed)}`,
    })),
};

function isDown(node: ReachedNode): boolean {
  return stateOf(node) !== 'ok';
}

function stateOf(node: ReachedNode): string {
  const { cluster_state: state } = node.reach.view.clusterInfo;
  return state ?? 'unknown';
}
