/** Who takes the keys of a slot now? Looked at again whenever a node says that it is not the one, or says nothing. */
import type { Address } from '../../model/address.ts';
import { eachSlot, SLOT_COUNT } from '../../model/slot-set.ts';
import type { ReachedNode } from '../../model/topology.ts';
import { isReached, primariesOf, reachedNodes, replicasOf } from '../../model/topology.ts';
import type { Cluster } from '../../redis/cluster.ts';

/** Enough to find the cluster again when some of them are down. */
const SEEDS_MAX = 16;

export interface Target {
  readonly node: ReachedNode;
  /** True where a replica follows closely, so that it can be waited for. */
  readonly hasReplica: boolean;
}

export class Targets {
  readonly #cluster: Cluster;
  #seeds: readonly Address[];
  #owners: readonly (Target | null)[] = [];
  #refreshing: Promise<void> | null = null;

  constructor(cluster: Cluster, seeds: readonly Address[]) {
    this.#cluster = cluster;
    this.#seeds = seeds;
  }

  /** Null where nobody is known to serve the slot now. */
  ownerOf(slot: number): Target | null {
    return this.#owners[slot] ?? null;
  }

  /** Observes the cluster anew; those who ask meanwhile share one observation. Throws UNREACHABLE or LOGIN. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #look(): Promise<void> {
    const topology = await this.#cluster.observe(this.#seeds);
    const owners = new Array<Target | null>(SLOT_COUNT).fill(null);
    // The highest epoch wins where two claim a slot, as among the servers.
    const primaries = primariesOf(topology)
      .filter(isReached)
      .toSorted((left, right) => left.entry.configEpoch - right.entry.configEpoch);
    for (const node of primaries) {
      const hasReplica = replicasOf(topology, node.id).some(
        (replica) => isReached(replica) && replica.reach.view.info['master_link_status'] === 'up',
      );
      const target = { node, hasReplica };
      for (const slot of eachSlot(node.entry.slots)) owners[slot] = target;
    }
    this.#owners = owners;
    const known = reachedNodes(topology).map(({ address }) => address);
    this.#seeds = [
      ...new Map([...known, ...this.#seeds].map((seed) => [`${seed.host} ${seed.port}`, seed])).values(),
    ].slice(0, SEEDS_MAX);
  }
}
