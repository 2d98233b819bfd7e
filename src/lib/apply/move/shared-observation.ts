/**
 * Looks at the cluster that moves share which are at work at the same time. A look asks every node, and a rebalance of a
 * large cluster has hundreds of moves, each of which looks before it begins and after it has ended.
 */
import type { Address } from '../../model/address.ts';
import type { Topology } from '../../model/topology.ts';
import type { Execution } from '../execution.ts';

/** A move that begins with an older view than it might have fails where that matters, and then looks for itself. */
const RECENT_MS = 2000;

interface Look {
  readonly beganMs: number;
  readonly topology: Promise<Topology>;
}

export class SharedObservation {
  readonly #execution: Pick<Execution, 'cluster' | 'clock'>;
  #latest: Look | null = null;
  /** One that begins when the latest has ended. Whoever asks until then shares it. */
  #next: Promise<Topology> | null = null;

  constructor(execution: Pick<Execution, 'cluster' | 'clock'>) {
    this.#execution = execution;
  }

  /** A topology at most two seconds old, by the seeds of whoever asks first. Throws as `Cluster.observe`. */
  recent(seeds: readonly Address[]): Promise<Topology> {
    const isRecent = this.#latest !== null && this.#execution.clock.now() - this.#latest.beganMs <= RECENT_MS;
    return this.#latest !== null && isRecent ? this.#latest.topology : this.#look(seeds);
  }

  /** A topology of which no part is older than this call, by the seeds of whoever asks first. Throws as `Cluster.observe`. */
  fresh(seeds: readonly Address[]): Promise<Topology> {
    if (this.#next !== null) return this.#next;
    const before = this.#latest?.topology ?? Promise.resolve();
    const next = before.then(
      () => this.#beginNext(seeds),
      () => this.#beginNext(seeds),
    );
    this.#next = next;
    return next;
  }

  #beginNext(seeds: readonly Address[]): Promise<Topology> {
    this.#next = null;
    return this.#look(seeds);
  }

  #look(seeds: readonly Address[]): Promise<Topology> {
    const { cluster, clock } = this.#execution;
    const latest: Look = { beganMs: clock.now(), topology: cluster.observe(seeds) };
    this.#latest = latest;
    latest.topology.catch(() => {
      if (this.#latest === latest) this.#latest = null;
    });
    return latest.topology;
  }
}
