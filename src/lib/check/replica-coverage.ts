/** Which slots would be lost to the next failure, because no healthy replica can take over? One finding in all. */
import { formatAddress } from '../model/address.ts';
import { roleOf } from '../model/node.ts';
import { unionSlots } from '../model/slot-set.ts';
import { primariesOf } from '../model/topology.ts';
import { isLinkUp } from './replica-links.ts';
import type { Rule } from './rule.ts';
import { countInWords, listInWords, nameOf } from './words.ts';

export const replicaCoverage: Rule = {
  name: 'replica-coverage',
  finds: 'primaries with slots that no healthy replica could replace',
  check: (topology) => {
    const replicas = topology.nodes.filter((node) => roleOf(node.entry) === 'replica');
    const guarded = new Set(replicas.filter(isLinkUp).map((node) => node.entry.primaryId));
    const bare = primariesOf(topology).filter((node) => node.entry.slots.length > 0 && !guarded.has(node.id));
    if (bare.length === 0) return [];
    const lead =
      replicas.length === 0
        ? 'This cluster has no replicas'
        : `${countInWords(bare.length, 'primary')} with slots ${bare.length === 1 ? 'has' : 'have'} no healthy replica (${listInWords(bare.map(nameOf))})`;
    return [
      {
        rule: 'replica-coverage',
        severity: 'warning',
        message: `${lead}: when a primary fails, its slots are not served until it is back.`,
        nodeIds: bare.map((node) => node.id),
        slots: unionSlots(...bare.map((node) => node.entry.slots)),
        suggestion: `Add one: cluster add-node NEW-HOST:PORT ${formatAddress(topology.seed)} --replica`,
      },
    ];
  },
};
