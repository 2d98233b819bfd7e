/**
 * One look at the cluster for all moves that begin at about the same time. A look asks every node, and a rebalance of a
 * large cluster has hundreds of moves.
 */
import type { Address } from '../../model/address.ts';
import type { Topology } from '../../model/topology.ts';
import type { Execution } from '../execution.ts';

/** A move that begins with an older view than it might have fails where that matters, and then looks for itself. */
const SHARED_FOR_MS = 2000;

export class SharedObservation {
  readonly #execution: Pick<Execution, 'cluster' | 'clock'>;
  #latest: { readonly beganMs: number; readonly topology: Promise<Topology> } | null = null;

  constructor(execution: Pick<Execution, 'cluster' | 'clock'>) {
    this.#execution = execution;
  }

  /** A topology at most two seconds old, by the seeds of whoever asks first. Throws as `Cluster.observe`. */
  recent(seeds: readonly Address[]): Promise<Topology> {
    const { cluster, clock } = this.#execution;
    const now = clock.now();
    if (this.#latest !== null && now - this.#latest.beganMs <= SHARED_FOR_MS) return this.#latest.topology;
    const topology = cluster.observe(seeds);
    const latest = { beganMs: now, topology };
    this.#latest = latest;
    topology.catch(() => {
      if (this.#latest === latest) this.#latest = null;
    });
    return topology;
  }
}
