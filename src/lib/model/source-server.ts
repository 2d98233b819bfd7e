/** A server that gives keys to a cluster which it is no part of. */
import type { Flavor } from './flavor.ts';
import type { NodeId } from './node.ts';

/** A server that gives, as it was found. */
export interface SourceServer {
  /** `host:port`. */
  readonly address: string;
  /** Of a source in cluster mode; null otherwise. */
  readonly id: NodeId | null;
  readonly flavor: Flavor;
  readonly isReplica: boolean;
  /** Logical databases that hold keys, with their number. */
  readonly databases: ReadonlyMap<number, number>;
  /** Names of the libraries of functions. */
  readonly functions: readonly string[];
  /** Of a sample, of memory; 0 where there is none. */
  readonly bytesPerKey: number;
  readonly largeKeys: readonly { readonly key: string; readonly bytes: number }[];
  /** The format version of its dumps; null where there is no key to see it by. */
  readonly dumpVersion: number | null;
  /** Tells which keys change: Redis 6.0 and later. */
  readonly tellsChanges: boolean;
}
