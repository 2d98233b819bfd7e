/**
 * Do two primaries claim slots with the same config epoch? Then neither claim wins over the other. Servers mend this
 * among themselves (the lower id takes a new epoch), so it should not last. Epoch 0 is a node that never had any.
 *
 * Where both claim one slot, a new epoch for one of them makes the other delete its keys of the slot: so BUMPEPOCH is not
 * what to type then.
 */
import { formatAddress } from '../model/address.ts';
import { intersectSlots } from '../model/slot-set.ts';
import { primariesOf, type TopologyNode } from '../model/topology.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { nodesInWords } from './words.ts';

export const configEpochs: Rule = {
  name: 'config-epochs',
  finds: 'primaries that share a config epoch',
  check: (topology) =>
    [...groupBy(primariesOf(topology), (node) => node.entry.configEpoch)]
      .filter(([epoch, nodes]) => epoch !== 0 && nodes.length > 1)
      .map(([epoch, nodes]) => ({
        rule: 'config-epochs',
        severity: 'warning',
        message: `${nodesInWords(nodes)} share the config epoch ${epoch}.`,
        nodeIds: nodes.map((node) => node.id),
        suggestion: claimTheSame(nodes)
          ? `They claim the same slots. Settle those first: cluster fix ${formatAddress(topology.seed)}`
          : 'The servers settle this within seconds; if it stays, send CLUSTER BUMPEPOCH to one of them.',
      })),
};

function claimTheSame(nodes: readonly TopologyNode[]): boolean {
  return nodes.some(({ entry }, index) =>
    nodes.slice(index + 1).some((other) => intersectSlots(entry.slots, other.entry.slots).length > 0),
  );
}
