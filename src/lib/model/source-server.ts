/** A server whose keys are imported into a cluster that it does not belong to. */
import type { Flavor } from './flavor.ts';
import type { NodeId } from './node.ts';

/** What was found out about it before anything is imported. */
export interface SourceServer {
  /** `host:port`. */
  readonly address: string;
  /** Null where it is not in cluster mode. */
  readonly id: NodeId | null;
  readonly flavor: Flavor;
  readonly isReplica: boolean;
  /** How many keys each logical database holds; empty ones are left out. */
  readonly databases: ReadonlyMap<number, number>;
  /** The names of its function libraries. */
  readonly functions: readonly string[];
  /** Memory of a key and its value, by a sample; 0 where there are no keys. */
  readonly bytesPerKey: number;
  readonly largeKeys: readonly { readonly key: string; readonly bytes: number }[];
  /** The RDB version that DUMP writes there; null where there was no key to try it with. */
  readonly dumpVersion: number | null;
  /** True where it can tell a client which keys change (CLIENT TRACKING). Redis 6.2 and later. */
  readonly tellsChanges: boolean;
}
