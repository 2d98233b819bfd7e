/** What may go wrong at one call of a fake cluster, and when. */

export type FaultKind =
  /** The node does not answer, and the command did not arrive. */
  | 'lost'
  /** The node does not answer, and half of the commands arrived. */
  | 'half'
  /** The node does not answer, but all commands arrived. */
  | 'silent'
  /** MIGRATE: half the keys are moved, one more is on both sides, and the source says IOERR. */
  | 'ambiguous'
  /** MIGRATE: the target has copies of the keys already. */
  | 'copies'
  /** MIGRATE: LOADING, TRYAGAIN, OOM for a while. */
  | 'passing'
  /** SETSLOT: NOREPLICAS, as Valkey says while its replicas are slow. */
  | 'no-replicas'
  /** The operator presses Ctrl-C. */
  | 'interrupt'
  /** kill -9: from here on nothing that the program does arrives; this call arrives in part. */
  | 'kill'
  /** The node that is called dies and its replica takes over. */
  | 'failover'
  /** The node that is called gives way to its replica, answers on, and clients write to the new primary at once. */
  | 'handover';

export interface Fault {
  readonly kind: FaultKind;
  /** The call that it happens at, counted from 1; faults of MIGRATE wait for the next one. */
  readonly atCall: number;
  /** For how many calls of its kind. */
  readonly times: number;
}

/** What a killed program's calls end with; no OpsError, so that nothing handles it. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Which calls a fault hits. */
export function hits(kind: FaultKind, call: 'observe' | 'migrate' | 'setslot' | 'other'): boolean {
  if (kind === 'ambiguous' || kind === 'copies' || kind === 'passing') return call === 'migrate';
  if (kind === 'no-replicas') return call === 'setslot';
  if (kind === 'failover' || kind === 'handover') return call !== 'observe';
  return true;
}
