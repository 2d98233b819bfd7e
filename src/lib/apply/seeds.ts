/** Where to look at a cluster again while it is being changed. */
import type { Address } from '../model/address.ts';
import type { TopologyNode } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';

/** Enough to find the cluster again when some of them are down. */
const SEEDS_MAX = 8;

/** The addresses of the first few of these nodes that answered, in their order. */
export function seedsAmong(nodes: readonly TopologyNode[]): readonly Address[] {
  return nodes
    .filter(isReached)
    .slice(0, SEEDS_MAX)
    .map(({ address }) => address);
}
