/** The port: all that the rest of the program can do with live nodes. Types only; `connect.ts` implements it. */
import type { Address } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { ReplyError } from '../wire/reply-error.ts';

/** One argument of a command. A Buffer is sent byte for byte. */
export type Argument = string | Buffer;

/** A RESP2 reply that is not an error. Bulk strings are Buffers where {@link CallOptions.bytes} asks for them. */
export type Reply = string | number | null | Buffer | readonly Reply[];

/** Where and how commands are sent. */
export interface CallOptions {
  /** Commands of different channels to one node use different connections and do not wait for each other. Default `main`. */
  readonly channel?: string;
  /** The logical database. Default 0. */
  readonly database?: number;
  /** Bulk strings come back byte for byte, as Buffers. Default false: as text. */
  readonly bytes?: boolean;
  /** For the whole; with `bulk`, for any time in which nothing comes and nothing goes. Default: the session's. */
  readonly timeoutMs?: number;
  /** Through a plain connection for thousands of small commands a second; bulk strings always come back as bytes. */
  readonly bulk?: boolean;
  /**
   * The commands depend on what an earlier call on this channel has set up, as EXEC does on WATCH: where its connection
   * has broken since, the call throws UNREACHABLE instead of using a new one. Such a channel is for one caller at a time.
   */
  readonly continues?: boolean;
}

/** What MIGRATE is to do. Login data is added below this port and never seen above it. */
export interface Migration {
  readonly source: Address;
  /** Where the source reaches the target. */
  readonly target: Address;
  /** All of one slot where the source is in cluster mode. */
  readonly keys: readonly Buffer[];
  readonly replace: boolean;
  readonly database: number;
  /** Where the keys come to be. Default: the same as at the source. */
  readonly targetDatabase?: number;
  /** The server's bound on each of its waits. */
  readonly timeoutMs: number;
  readonly channel: string;
}

/** The data of one node at one moment, while it is being sent. */
export interface Snapshot {
  /** The history of writes that it belongs to, and how far it goes in it. */
  readonly replicationId: string;
  readonly offset: number;
  /** Null where the server does not know beforehand. */
  readonly bytes: number | null;
  /** An RDB file, to be read once and at the reader's pace. Throws FAILED where it ends too early, INTERRUPTED. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Gives it up, whatever is still on the way. */
  close(): void;
}

export interface SnapshotOptions {
  /** `file`: the server writes the file to its own disk first. `stream`: it has no disk to write to, or none that is large enough. */
  readonly by: 'file' | 'stream';
  /** What the server is, for one that writes what older ones can read unless told otherwise (Valkey 8.1 and later). */
  readonly serverVersion: string;
  readonly signal: AbortSignal;
}

export interface Cluster {
  /**
   * The cluster that the first answering seed belongs to: every node that any of its members knows has been asked.
   * Throws UNREACHABLE, LOGIN, NOT_A_CLUSTER or PROTOCOL.
   */
  observe(seeds: readonly Address[]): Promise<Topology>;
  /**
   * Exactly these nodes, each with its own view, none followed further. A node that does not answer is in the result
   * with the reason.
   */
  observeEach(addresses: readonly Address[]): Promise<Topology>;
  /** One command. Throws OpsError FAILED for an error reply (the ReplyError is its cause), UNREACHABLE or LOGIN where there is no answer. */
  call(address: Address, argv: readonly Argument[]): Promise<Reply>;
  /** Commands in one round trip, error replies as values. Throws UNREACHABLE or LOGIN where there is no answer. */
  callMany(
    address: Address,
    commands: readonly (readonly Argument[])[],
    options?: CallOptions,
  ): Promise<readonly (Reply | ReplyError)[]>;
  /** MIGRATE: `OK`, `NOKEY` or the error reply. Throws as callMany. */
  migrate(migration: Migration): Promise<Reply | ReplyError>;
  /**
   * A snapshot of the node, as a replica asks for one. Throws UNREACHABLE, LOGIN, INTERRUPTED, or FAILED where the server
   * does not give it (the ReplyError is the cause).
   */
  openSnapshot(address: Address, options: SnapshotOptions): Promise<Snapshot>;
  /** Null where something accepts a TCP connection there, else one phrase that says why not. */
  probePort(host: string, port: number): Promise<string | null>;
  /** Closes every connection. The object is not used afterwards. */
  close(): void;
}

/** What a server tells of keys that change, from the moment it was asked on. */
export interface ChangeFeed {
  /** The keys that were written, deleted or have expired since the last call, in any database, each once. */
  take(): readonly Buffer[];
  /** True once a whole database was flushed, or so much changed that it cannot be told any more. */
  readonly isBlind: boolean;
  /** Returns when every change that was acknowledged before the call is in {@link take}. Throws UNREACHABLE. */
  catchUp(): Promise<void>;
  close(): void;
}

/** A port to a server whose keys are read while its clients go on. */
export interface SourceCluster extends Cluster {
  /** Null where the server cannot tell (before Redis 6.0), or does not let this user ask. Throws UNREACHABLE or LOGIN. */
  trackChanges(address: Address): Promise<ChangeFeed | null>;
}
