/** What an operator may say about how slots are moved. */
import type { PaceLimits } from './pace.ts';

export interface MoveSettings {
  /** Pairs of source and target at one time. */
  readonly parallel: number;
  /** Asked again for each batch, so that they may change while slots are moved. */
  readonly limits: () => PaceLimits;
  /** Let the source's value win where both sides hold different ones. Only ever by the operator's explicit word. */
  readonly replace: boolean;
  /** Keep a source that is emptied from becoming a replica. */
  readonly keepPrimary: boolean;
  /** Marks at nodes that have no part in a move: a fix takes them off by itself, once the keys there are gathered. */
  readonly strayMarks: 'close' | 'leave';
}

/** A few milliseconds for a batch are not felt by the other clients of a server; see docs/adr/0005-moving-slots.md. */
export const PACE_DEFAULTS: PaceLimits = { batchMsMax: 5, keysPerSecondMax: null, latencyMsMax: null };

export const MOVE_DEFAULTS: MoveSettings = {
  parallel: 4,
  limits: () => PACE_DEFAULTS,
  replace: false,
  keepPrimary: false,
  strayMarks: 'close',
};
