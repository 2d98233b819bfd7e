/** Keys that two nodes have with different values: who decides, and what becomes of the value that is not wanted. */
import type { TopologyNode } from '../model/topology.ts';

/** `source` and `target` of the keys' way; whichever is named wins. `skip` leaves both values where they are. */
export type Verdict = 'source' | 'target' | 'skip';

export interface Conflict {
  readonly slot: number;
  readonly database: number;
  readonly key: Buffer;
  readonly source: ConflictSide;
  readonly target: ConflictSide;
}

export interface ConflictSide {
  readonly node: TopologyNode;
  readonly type: string;
  /** Milliseconds until it expires; -1 for never. */
  readonly expiryMs: number;
  /** Seconds since it was last used; null where the server keeps no such time. A hint, no proof of age. */
  readonly idleSeconds: number | null;
}

/** A value that is about to be deleted, whole: RESTORE brings it back. */
export interface AsideValue {
  readonly slot: number;
  readonly database: number;
  readonly key: Buffer;
  readonly node: TopologyNode;
  readonly type: string;
  readonly dump: Buffer;
  readonly expiryMs: number;
}

export interface ConflictDesk {
  decide(conflict: Conflict): Promise<Verdict>;
  /** Returns once the value is on the disk: BEFORE it is deleted. */
  keepAside(value: AsideValue): void;
  /** Both values stay; the slot is not closed. */
  leave(conflict: Conflict): void;
  /** The slots that are not closed. */
  readonly left: ReadonlySet<number>;
}

/** Where nobody can be asked: nothing is decided. */
export function undecided(): ConflictDesk {
  const left = new Set<number>();
  return {
    decide: () => Promise.resolve('skip'),
    keepAside: () => undefined,
    leave: ({ slot }) => void left.add(slot),
    left,
  };
}
