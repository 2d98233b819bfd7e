/**
 * A plan: what will be done, in order, and why a person must consent. Plain JSON, so that it can be printed, saved,
 * reviewed and applied later by another process.
 */
import type { Finding } from '../check/finding.ts';
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';

/** A node as a plan names it: the id is what counts, the address (`host:port`) is for people. */
export interface NodeRef {
  readonly id: NodeId;
  readonly address: string;
}

/**
 * One change. Neighbouring steps of the same kind do not depend on each other and may be done at the same time;
 * a step of another kind is begun only AFTER all before it had their effect.
 */
export type Step =
  /** CLUSTER RESET HARD: the node forgets everything and takes a new id. Only ever planned for nodes without keys. */
  | { readonly kind: 'reset'; readonly node: NodeRef }
  /** CLUSTER SET-CONFIG-EPOCH; only BEFORE the node knows another. */
  | { readonly kind: 'set-epoch'; readonly node: NodeRef; readonly epoch: number }
  | { readonly kind: 'add-slots'; readonly node: NodeRef; readonly slots: SlotSet }
  /** CLUSTER MEET until each of the nodes knows every other. Where there are `newcomers`, only these are introduced. */
  | { readonly kind: 'join'; readonly nodes: readonly NodeRef[]; readonly newcomers?: readonly NodeRef[] }
  | { readonly kind: 'replicate'; readonly node: NodeRef; readonly primary: NodeRef }
  /** FUNCTION RESTORE of what `source` has; refused by a node that has functions of its own. */
  | { readonly kind: 'copy-functions'; readonly node: NodeRef; readonly source: NodeRef }
  /** Changes nothing: waits until all members see the newcomers in their roles, and the newcomers serve. */
  | { readonly kind: 'settle'; readonly newcomers: readonly Newcomer[]; readonly members: readonly NodeRef[] }
  /** CLUSTER FORGET to all of `by` at once, until none of them lists any of the nodes. */
  | { readonly kind: 'forget'; readonly nodes: readonly NodeRef[]; readonly by: readonly NodeRef[] }
  /**
   * CLUSTER RESET of a node that all of `by` have forgotten: it is alone and has another id, and none of them has met it
   * again. A replica drops its copy.
   */
  | { readonly kind: 'leave'; readonly node: NodeRef; readonly by: readonly NodeRef[] }
  /** Moves slots with their keys from one shard to another; resumable at any point. */
  | MoveSlots
  /** Brings the keys of a server outside of the cluster. The same command typed again does the rest. */
  | ImportKeys
  | FixStep;

/** What only `fix` does. */
export type FixStep =
  /**
   * The node gives up its claim to slots that `owner` is to have, and keeps their keys. BEFORE anybody takes a higher
   * epoch: a node that learns of it deletes the keys of slots that it still claims.
   */
  | { readonly kind: 'release-slots'; readonly node: NodeRef; readonly owner: NodeRef; readonly slots: SlotSet }
  /** Makes the node the owner of slots that nobody else claims, with an epoch that makes the others believe it. */
  | { readonly kind: 'own-slots'; readonly node: NodeRef; readonly slots: SlotSet }
  /**
   * Opens slots from `source`, which owns them, to `target`. Of each key that both have, one value stays: where they differ,
   * the one that the operator chose, after the other was written to a file.
   */
  | { readonly kind: 'settle-keys'; readonly source: NodeRef; readonly target: NodeRef; readonly slots: SlotSet }
  /** Moves keys to `target`, which owns their slots, from a node that does not. */
  | { readonly kind: 'gather-keys'; readonly source: NodeRef; readonly target: NodeRef; readonly slots: SlotSet }
  /** Takes all marks off slots whose keys are all at their owner, and tells every primary who that is. */
  | { readonly kind: 'close-slots'; readonly node: NodeRef; readonly slots: SlotSet };

export interface MoveSlots {
  readonly kind: 'move-slots';
  /** The primary that owns the slots when the plan is made. */
  readonly source: NodeRef;
  readonly target: NodeRef;
  readonly slots: SlotSet;
  readonly mover: MoverKind;
  /** Null until it is known how much there is to move. */
  readonly estimate: MoveEstimate | null;
}

export interface ImportKeys {
  readonly kind: 'import-keys';
  /** `host:port` of the server that gives: it has no id, or is of another cluster. */
  readonly from: string;
  readonly database: number;
  /** The primaries that receive. */
  readonly targets: readonly NodeRef[];
  /** True: the keys stay at the source. */
  readonly copy: boolean;
  /** True: the source's value wins where the cluster has another. */
  readonly replace: boolean;
  /** `relay`: DUMP and RESTORE through this program; `migrate`: the source sends with MIGRATE. */
  readonly engine: 'relay' | 'migrate';
  readonly keys: number;
  /** Memory that the keys take, by a sample. */
  readonly bytes: number;
}

export interface MoveEstimate {
  readonly keys: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/** How slots are moved: `key-wise` on every server, `atomic` inside servers that can (Valkey 9.0, Redis 8.4). */
export type MoverKind = 'key-wise' | 'atomic';

export type StepKind = Step['kind'];

/** A node that joins a cluster, with the primary whose replica it becomes, or null as a primary. */
export interface Newcomer {
  readonly node: NodeRef;
  readonly primary: NodeRef | null;
}

/** Why a person must consent. */
export interface Hazard {
  /** Stable name for scripts, such as `few-primaries`. */
  readonly name: string;
  /** One sentence. */
  readonly message: string;
}

export interface Plan {
  readonly version: 1;
  /** What the operator asked for, in words: `create a cluster of 3 shards from 6 nodes`. */
  readonly intention: string;
  /** The canonical text of the topology that it was computed from: see `basis.ts`. */
  readonly basis: string;
  readonly steps: readonly Step[];
  readonly hazards: readonly Hazard[];
}

/** A plan, or the reasons why there is none. */
export type Planned =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly refusals: readonly Finding[] };
