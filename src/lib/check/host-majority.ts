/**
 * Would the loss of one host stop every failover? A replica is promoted only with the votes of more than half of the
 * primaries that own slots, so a host with half of them is already too much. With fewer than three such primaries no
 * placement helps, and with one host the rule `shard-hosts` says it all.
 */
import { primariesOf } from '../model/topology.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { hostsOf } from './shard-hosts.ts';

/** With fewer primaries that own slots a majority is all of them, so no replica can take over when one fails. */
export const VOTERS_MIN = 3;

export const hostMajority: Rule = {
  name: 'host-majority',
  finds: 'hosts without which the rest has no majority and cannot fail over',
  check: (topology) => {
    const voters = primariesOf(topology).filter((node) => node.entry.slots.length > 0 && node.peerAddress.host !== '');
    if (voters.length < VOTERS_MIN || hostsOf(topology.nodes).length < 2) return [];
    return [...groupBy(voters, (node) => node.peerAddress.host)]
      .filter(([, nodes]) => nodes.length * 2 >= voters.length)
      .map(([host, nodes]) => ({
        rule: 'host-majority',
        severity: 'warning',
        message: `The host ${host} has ${nodes.length} of ${voters.length} primaries with slots: without it the others have no majority and cannot fail over.`,
        nodeIds: nodes.map((node) => node.id),
        suggestion: `Swap roles with replicas elsewhere (CLUSTER FAILOVER on them) until no host has half of the primaries.`,
      }));
  },
};
