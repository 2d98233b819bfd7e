/** A server that hands out the keys of one RDB file: what restoring needs of it, whoever started it. */
import type { Address } from '../../model/address.ts';
import type { SourceCluster } from '../../redis/cluster.ts';

export interface ServedFile {
  /** With the login that the server wants. */
  readonly cluster: SourceCluster;
  readonly address: Address;
  /** Null while the server runs, else why it may have ended. */
  farewell(): string | null;
  /** The server ends. May be called twice. */
  stop(): Promise<void>;
}
