/** What the executor says while it works. The terminal turns it into a bar, lines or NDJSON. */
import type { StepKind } from '../plan/plan.ts';

export type ApplyEvent =
  /** `steps` neighbouring steps of one kind are begun. */
  | { readonly event: 'stage-begin'; readonly kind: StepKind; readonly steps: number }
  | { readonly event: 'step-end'; readonly kind: StepKind; readonly done: number; readonly steps: number }
  | { readonly event: 'stage-end'; readonly kind: StepKind; readonly steps: number }
  /** Waiting for `what`; `missing` names who is not there yet, a phrase each. */
  | { readonly event: 'wait'; readonly what: string; readonly missing: readonly string[] }
  | { readonly event: 'wait-end'; readonly what: string }
  | MoveProgress
  | ImportProgress
  /** A move goes on in another way, or once more; `because` is a sentence. */
  | { readonly event: 'move-retry'; readonly because: string }
  /** Something that the operator should know; nothing follows from it. One sentence. */
  | { readonly event: 'notice'; readonly message: string }
  | BackupEvent
  /** Something went wrong and what was begun is being undone. */
  | { readonly event: 'undo-begin'; readonly because: string };

export type BackupEvent =
  /** A file of a backup: read by a server on this machine, then its keys are restored. */
  | { readonly event: 'restore-file'; readonly file: string; readonly state: 'reading' | 'restoring' | 'restored' }
  /** A node is asked for its snapshot. */
  | { readonly event: 'snapshot-begin'; readonly node: string }
  /** Its snapshot is on the disk and checked; `done` of all. */
  | { readonly event: 'snapshot-end'; readonly node: string; readonly bytes: number; readonly done: number }
  | {
      readonly event: 'backup-progress';
      readonly shardsDone: number;
      readonly shards: number;
      readonly bytesDone: number;
      /** Those that are being copied. */
      readonly nodes: readonly string[];
    };

export interface MoveProgress {
  readonly event: 'move-progress';
  readonly slotsDone: number;
  readonly slots: number;
  readonly keysDone: number;
  /** Null where they were not counted. */
  readonly keys: number | null;
  /** By the average size of the sampled keys; null where none was measured. */
  readonly bytesDone: number | null;
  readonly bytes: number | null;
  /** Over the last seconds. */
  readonly keysPerSecond: number;
  /** Null while it cannot be told. */
  readonly remainingMs: number | null;
  /** `a to b`, the pairs that are being worked on. */
  readonly pairs: readonly string[];
  /** True while the work is held back because a PING takes longer than the operator wants. */
  readonly isSlowedDown: boolean;
  /** True while the operator has paused it. */
  readonly isPaused: boolean;
  /** The rate that it is held to; null where none is. */
  readonly keysPerSecondMax: number | null;
}

export interface ImportProgress {
  readonly event: 'import-progress';
  /** Imported, there already, gone, or in conflict. */
  readonly keysDone: number;
  /** Null where they were not counted. */
  readonly keys: number | null;
  /** Of values as they were dumped; 0 where MIGRATE sends them. */
  readonly bytesDone: number;
  /** Over the last seconds. */
  readonly keysPerSecond: number;
  readonly bytesPerSecond: number;
  /** Null while it cannot be told. */
  readonly remainingMs: number | null;
  /** Keys that the target has with another value. */
  readonly conflicts: number;
}

export type Emit = (event: ApplyEvent) => void;
