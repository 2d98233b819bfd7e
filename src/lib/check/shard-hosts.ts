/**
 * Would the loss of one host take a whole shard with it? Hosts are compared by the address that the nodes announce to
 * each other. A shard without replicas is left to the rule `replica-coverage`.
 */
import type { NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { primariesOf } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { countInWords, nameOf, slotsInWords } from './words.ts';

const SPREAD = 'Put replicas on other hosts: cluster add-node, then cluster del-node for those in the wrong place.';

export const shardHosts: Rule = {
  name: 'shard-hosts',
  finds: 'shards whose nodes are all on one host',
  check: (topology) => {
    const hosts = hostsOf(topology.nodes);
    if (hosts.length === 1 && topology.nodes.length > 1) return [wholeCluster(topology, hosts[0] ?? '')];
    const replicas = groupBy(
      topology.nodes.filter((node) => roleOf(node.entry) === 'replica'),
      (node) => node.entry.primaryId,
    );
    return primariesOf(topology).flatMap((primary) => oneHostShard(primary, replicas));
  },
};

/** The hosts that the nodes announce, each once; a node without a known address announces none. */
export function hostsOf(nodes: readonly TopologyNode[]): readonly string[] {
  return [...new Set(nodes.map((node) => node.peerAddress.host).filter((host) => host !== ''))];
}

function wholeCluster(topology: Topology, host: string): Finding {
  return {
    rule: 'shard-hosts',
    severity: 'warning',
    message: `The whole cluster, ${countInWords(topology.nodes.length, 'node')}, is on the host ${host} and fails with it.`,
    nodeIds: topology.nodes.map((node) => node.id),
  };
}

function oneHostShard(
  primary: TopologyNode,
  replicas: ReadonlyMap<NodeId | null, readonly TopologyNode[]>,
): readonly Finding[] {
  const shard = [primary, ...(replicas.get(primary.id) ?? [])];
  const hosts = hostsOf(shard);
  if (shard.length === 1 || hosts.length !== 1) return [];
  const slots: SlotSet = primary.entry.slots;
  const name = `The shard of ${nameOf(primary)}${slots.length === 0 ? '' : ` (${slotsInWords(slots)})`}`;
  return [
    {
      rule: 'shard-hosts',
      severity: 'warning',
      message: `${name} is entirely on the host ${hosts[0]}: ${countInWords(shard.length, 'node')}.`,
      nodeIds: shard.map((node) => node.id),
      ...(slots.length === 0 ? {} : { slots }),
      suggestion: SPREAD,
    },
  ];
}
