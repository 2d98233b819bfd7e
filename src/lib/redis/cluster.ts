/** The port: all that the rest of the program can do with live nodes. Types only; `connect.ts` implements it. */
import type { Address } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { ReplyError } from '../wire/reply-error.ts';

/** One argument of a command. A Buffer is sent byte for byte. */
export type Argument = string | Buffer;

/** A RESP2 reply that is not an error. */
export type Reply = string | number | null | readonly Reply[];

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
  callMany(address: Address, commands: readonly (readonly Argument[])[]): Promise<readonly (Reply | ReplyError)[]>;
  /** Null where something accepts a TCP connection there, else one phrase that says why not. */
  probePort(host: string, port: number): Promise<string | null>;
  /** Closes every connection. The object is not used afterwards. */
  close(): void;
}
