/** What would be weak about this cluster, although it can be made? */
import { groupBy } from '../check/group.ts';
import { VOTERS_MIN } from '../check/host-majority.ts';
import { listInWords, nameOf } from '../check/words.ts';
import { formatFlavor } from '../model/flavor.ts';
import type { Topology } from '../model/topology.ts';
import { hostOf, reachedNodes } from '../model/topology.ts';
import type { PlannedShard } from './create.ts';
import type { Hazard } from './plan.ts';

/** `mixed-products` or `mixed-versions`, `few-primaries`, `shard-on-one-host`, `host-majority`. */
export function createHazards(topology: Topology, shards: readonly PlannedShard[]): readonly Hazard[] {
  return [...mixedServers(topology), ...fewPrimaries(shards), ...shardsOnOneHost(shards), ...hostMajority(shards)];
}

/** `mixed-products` where there are several products, else `mixed-versions` where there are several major versions. */
export function mixedServers(topology: Topology): readonly Hazard[] {
  const nodes = reachedNodes(topology);
  const products = groupBy(nodes, (node) => node.reach.view.flavor.product);
  const majors = groupBy(
    nodes,
    ({ reach }) => `${reach.view.flavor.product} ${reach.view.flavor.version.split('.')[0]}`,
  );
  if (majors.size < 2) return [];
  const groups = groupBy(nodes, (node) => formatFlavor(node.reach.view.flavor));
  const parts = [...groups].map(([flavor, members]) => `${flavor} on ${listInWords(members.map(nameOf))}`);
  return [
    {
      name: products.size > 1 ? 'mixed-products' : 'mixed-versions',
      message: `The nodes run different servers, which may not understand each other's messages and data: ${parts.join('; ')}.`,
    },
  ];
}

function fewPrimaries(shards: readonly PlannedShard[]): readonly Hazard[] {
  if (shards.length >= VOTERS_MIN) return [];
  const reason =
    shards.length === 1
      ? 'With 1 primary nobody is left to vote when it fails'
      : `With ${shards.length} primaries no majority is left to vote when one fails`;
  return [{ name: 'few-primaries', message: `${reason}, so no replica takes over by itself.` }];
}

/** Where there is one host only, it is said once instead of for every shard. */
function shardsOnOneHost(shards: readonly PlannedShard[]): readonly Hazard[] {
  const name = 'shard-on-one-host';
  const nodes = shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  const [host, ...otherHosts] = new Set(nodes.map(hostOf));
  if (nodes.length > shards.length && otherHosts.length === 0) {
    const message = `All ${nodes.length} nodes are on the host ${host}: when it fails, primaries and replicas fail together.`;
    return [{ name, message }];
  }
  return shards.flatMap(({ primary, replicas }) => {
    const beside = replicas.filter((replica) => hostOf(replica) === hostOf(primary));
    if (beside.length === 0) return [];
    const [noun, verb] = beside.length === 1 ? ['Replica', 'is'] : ['Replicas', 'are'];
    const names = listInWords(beside.map(nameOf));
    return [
      {
        name,
        message: `${noun} ${names} ${verb} on the host of the primary ${nameOf(primary)} and would fail with it.`,
      },
    ];
  });
}

/** A host with half of the primaries has too many: the other half is no majority. */
function hostMajority(shards: readonly PlannedShard[]): readonly Hazard[] {
  const hosts = groupBy(shards, ({ primary }) => hostOf(primary));
  const allHosts = new Set(shards.flatMap(({ primary, replicas }) => [primary, ...replicas].map(hostOf)));
  if (shards.length < VOTERS_MIN || allHosts.size < 2) return [];
  return [...hosts]
    .filter(([, own]) => own.length * 2 >= shards.length)
    .map(([host, own]) => ({
      name: 'host-majority',
      message: `The host ${host} has ${own.length} of ${shards.length} primaries: when it fails, the others are no majority, so no replica takes over by itself.`,
    }));
}
