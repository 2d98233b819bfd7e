/**
 * Which nodes have keys that they show to nobody? Redis 8.4 and later hide those of slots that a node does not own. Not
 * among the rules, because every primary must be asked for its keys.
 */
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import { countInWords, nameOf } from './words.ts';

/** One finding for each node, in the order of the topology. `hiddenKeys`: at least how many each has. */
export function checkHiddenKeys(topology: Topology, hiddenKeys: ReadonlyMap<NodeId, number>): readonly Finding[] {
  const suggestion = `To find them, and bring them to their owners: cluster fix ${formatAddress(topology.seed)}`;
  return topology.nodes.flatMap((node): readonly Finding[] => {
    const keys = hiddenKeys.get(node.id) ?? 0;
    if (keys === 0) return [];
    const message = `${nameOf(node)} has ${countInWords(keys, 'key')} of slots that it does not own, and shows them to nobody.`;
    return [{ rule: 'hidden-keys', severity: 'error', message, nodeIds: [node.id], suggestion }];
  });
}
