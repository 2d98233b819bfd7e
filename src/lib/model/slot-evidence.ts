/** What a topology does not show of slots: which nodes hold keys of them. Asked for by `redis/slot-evidence.ts`. */
import type { NodeId } from './node.ts';

export interface SlotEvidence {
  /** For each reachable primary the slots of which it has keys, with their number over all databases. */
  readonly keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>;
  /** Keys that more than one node has. */
  readonly shared: readonly SharedKey[];
}

/** One name under which several nodes have a value; whether it is the same is not known yet. */
export interface SharedKey {
  readonly slot: number;
  readonly database: number;
  /** Its bytes, base64. */
  readonly key: string;
  readonly holders: readonly NodeId[];
}
