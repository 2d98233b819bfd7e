/**
 * A primary that loses its last slot becomes a replica, and drops all its keys: those of slots that it does not own, too,
 * which nobody else may have. They are brought to their owners first.
 */
import type { Finding } from '../check/finding.ts';
import { countInWords, nameOf } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';

/** Refused as `stray-keys`, one finding for each node that has any. */
export function refuseStrayKeys(topology: Topology, strays: ReadonlyMap<NodeId, number>): readonly Finding[] {
  return topology.nodes.flatMap((node): readonly Finding[] => {
    const keys = strays.get(node.id) ?? 0;
    if (keys === 0) return [];
    return [
      {
        rule: 'stray-keys',
        severity: 'error',
        message: `${nameOf(node)} holds ${countInWords(keys, 'key')} of slots that it does not own. They would be lost with its last slot, because it may become a replica then.`,
        nodeIds: [node.id],
        suggestion: `To bring them to their owners first: cluster fix ${formatAddress(topology.seed)}`,
      },
    ];
  });
}
