/** Why a person should think before this cluster is formed: one sentence each. */
import { groupBy } from '../check/group.ts';
import { listInWords, nameOf } from '../check/words.ts';
import { formatFlavor } from '../model/flavor.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';
import type { DesiredShard } from './create.ts';
import type { Hazard } from './plan.ts';

/** Below this many primaries no majority is left when one fails. Source: the cluster specification, failure detection. */
const PRIMARIES_MIN = 3;

export function hazardsOfCreate(topology: Topology, shards: readonly DesiredShard[]): readonly Hazard[] {
  return [
    ...fewPrimaries(shards),
    ...sharedHosts(topology, shards),
    ...hostMajority(shards),
    ...mixedVersions(topology),
  ];
}

function fewPrimaries(shards: readonly DesiredShard[]): readonly Hazard[] {
  if (shards.length >= PRIMARIES_MIN) return [];
  const message = `A cluster of ${shards.length === 1 ? 'one primary' : 'two primaries'} cannot fail over by itself: that takes the majority of at least three primaries.`;
  return [{ name: 'few-primaries', message }];
}

function sharedHosts(topology: Topology, shards: readonly DesiredShard[]): readonly Hazard[] {
  if (shards.every(({ replicas }) => replicas.length === 0)) return [];
  const hosts = new Set(topology.nodes.map(hostOf));
  if (hosts.size === 1) {
    const message = `All nodes are on the host ${[...hosts][0]}: replicas do not help when it fails.`;
    return [{ name: 'shard-on-one-host', message }];
  }
  return shards.flatMap(({ primary, replicas }) => {
    const together = replicas.filter((replica) => hostOf(replica) === hostOf(primary));
    if (together.length === 0) return [];
    const message = `${listInWords(together.map(nameOf))} will be on the same host as the primary ${nameOf(primary)}: the hosts do not allow better.`;
    return [{ name: 'shard-on-one-host', message }];
  });
}

function hostMajority(shards: readonly DesiredShard[]): readonly Hazard[] {
  const byHost = groupBy(shards, ({ primary }) => hostOf(primary));
  if (byHost.size < 2) return [];
  return [...byHost]
    .filter(([, held]) => held.length * 2 >= shards.length && shards.length >= PRIMARIES_MIN)
    .map(([host, held]) => ({
      name: 'host-majority',
      message: `${held.length} of ${shards.length} primaries will be on the host ${host}: when it fails, no majority is left to fail over.`,
    }));
}

function mixedVersions(topology: Topology): readonly Hazard[] {
  const versions = new Set(reachedNodes(topology).map(({ reach }) => formatFlavor(reach.view.flavor)));
  if (versions.size < 2) return [];
  return [{ name: 'mixed-versions', message: `The nodes are of different versions: ${listInWords([...versions])}.` }];
}

function hostOf({ address }: TopologyNode): string {
  return address.host;
}
