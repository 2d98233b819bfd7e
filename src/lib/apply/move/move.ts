/** Moving slots from one shard to another: what a mover is given and what it promises. */
import type { TopologyNode } from '../../model/topology.ts';
import type { MoverKind } from '../../plan/plan.ts';
import type { Cluster } from '../../redis/cluster.ts';
import type { Clock } from '../clock.ts';
import type { Pace } from './pace.ts';

export interface MoveJob {
  readonly source: TopologyNode;
  readonly target: TopologyNode;
  /** Ascending. Owned by the source, open or not; a slot that an earlier run has half moved is simply moved on. */
  readonly slots: readonly number[];
  /** The other primaries with slots: they are told who owns a slot now. */
  readonly bystanders: readonly TopologyNode[];
  /** What the keys of these slots take, roughly; not given where nobody has measured it. */
  readonly estimatedBytes?: number;
}

/** What happens to slots, for the journal and for the progress. */
export interface MoveReport {
  /** BEFORE the first of these slots is opened. */
  opening(slots: readonly number[]): void;
  /** AFTER the target owns these slots and no node has them open any more. */
  closed(slots: readonly number[]): void;
  /** AFTER these slots are closed again at the source: they are still to be moved. */
  returned(slots: readonly number[]): void;
  moved(keys: number): void;
  /** A sign that the move gets on, other than keys that have moved. */
  readonly advanced?: () => void;
}

export interface MoveContext {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly report: MoveReport;
  /** Once it fires no further slot is opened; those that are open are moved to their end. */
  readonly signal: AbortSignal;
  /** Replace a different value at the target: only ever with the operator's explicit word. */
  readonly replace: boolean;
  /** The server's bound on each wait of one MIGRATE; below the node timeout. */
  readonly migrateTimeoutMs: number;
  /** Logical databases that may hold keys. */
  readonly databases: readonly number[];
  /** What to do with a batch of which the target has keys already, instead of what a move does. */
  readonly settle?: () => Promise<void>;
}

/**
 * Moves all slots of the job, or throws. When it throws, every slot is either wholly at the source, wholly at the
 * target, or open on both sides with each key on one side: never lost, and moved on by the next attempt. REFUSED means
 * that nothing was begun, and that another mover has to do it.
 */
export interface SlotMover {
  readonly kind: MoverKind;
  move(job: MoveJob, context: MoveContext): Promise<void>;
}
