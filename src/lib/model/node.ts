/** What a node says about another node, or about itself: one line of CLUSTER NODES as a value. */
import type { Address } from './address.ts';
import type { SlotSet } from './slot-set.ts';

/** 40 hexadecimal digits. */
export type NodeId = string & { readonly __brand: 'NodeId' };

/** For `sort`: by id, so that every choice among nodes is the same whatever order they were named in. */
export function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : 1;
}

export function isNodeId(text: string): text is NodeId {
  return /^[0-9a-f]{40}$/.test(text);
}

/** The flags a server prints, in the server's own words. Source: Redis 7.0-8.0 and Valkey 8-9 CLUSTER NODES. */
export const NODE_FLAGS = [
  'myself',
  'master',
  'slave',
  'fail?',
  'fail',
  'handshake',
  'noaddr',
  'nofailover',
  'noflags',
] as const;
export type NodeFlag = (typeof NODE_FLAGS)[number];

export type Role = 'primary' | 'replica';

/** A slot that is being moved by SETSLOT: `peer` is the other side. */
export interface OpenSlot {
  readonly slot: number;
  readonly peer: NodeId;
}

/** One line of CLUSTER NODES, complete. */
export interface NodeEntry {
  readonly id: NodeId;
  /** The address others use; `host` is empty where the server does not know it. The bus port is always given. */
  readonly address: Required<Address>;
  /** The announced host name: undefined where the field is absent, empty where it is there but empty. */
  readonly hostname?: string;
  /** Fields after the host name such as `shard-id` and `tls-port`, in the order the server sent them. */
  readonly aux: Readonly<Record<string, string>>;
  /** As sent, in order, also flags that this program does not know. */
  readonly flags: readonly string[];
  readonly primaryId: NodeId | null;
  /** Unix milliseconds of the pending ping; 0 where none is pending. */
  readonly pingSentMs: number;
  /** Unix milliseconds of the last pong; 0 where there was none. */
  readonly pongReceivedMs: number;
  readonly configEpoch: number;
  readonly link: 'connected' | 'disconnected';
  readonly slots: SlotSet;
  readonly migrating: readonly OpenSlot[];
  readonly importing: readonly OpenSlot[];
}

export function hasFlag(entry: NodeEntry, flag: NodeFlag): boolean {
  return entry.flags.includes(flag);
}

/** True where whoever says this neither takes the node for failed or failing, nor is still waiting for its id or address. */
export function isInService(entry: NodeEntry): boolean {
  return !(['fail', 'fail?', 'noaddr', 'handshake'] as const).some((flag) => hasFlag(entry, flag));
}

export function roleOf(entry: NodeEntry): Role {
  return hasFlag(entry, 'slave') ? 'replica' : 'primary';
}
