/** Which nodes hold keys of which slots: a topology does not show it. Collected by `redis/slot-evidence.ts`. */
import type { NodeId } from './node.ts';

export interface SlotEvidence {
  /** For each reachable primary the slots that it has keys of, and how many, over all databases. */
  readonly keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>;
  /** Keys that more than one of these primaries has. */
  readonly shared: readonly SharedKey[];
}

/** A key that several nodes have a value for; whether the values are the same is not known yet. */
export interface SharedKey {
  readonly slot: number;
  readonly database: number;
  /** Its bytes, base64. */
  readonly key: string;
  readonly holders: readonly NodeId[];
}
