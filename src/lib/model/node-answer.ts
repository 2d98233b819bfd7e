/** What one node answered to a command that was sent to many. */
import type { TopologyNode } from './topology.ts';

/** A RESP2 reply, byte for byte where the server sent bytes. An error inside of a list is a value of its own. */
export type ReplyValue = string | number | null | Uint8Array | NestedError | readonly ReplyValue[];

export interface NestedError {
  readonly error: string;
}

export type NodeAnswer = { readonly node: TopologyNode } & (
  | { readonly ok: true; readonly reply: ReplyValue }
  /** `message` is the server's own text for an error reply, else why there is no reply. */
  | { readonly ok: false; readonly kind: 'error-reply' | 'unreachable'; readonly message: string }
);
