/** Every exit code, in the one place where errors become numbers. docs/exit-codes.md says the same in a table. */
import { AssertionFailure } from '../assert.ts';
import type { OpsErrorCode } from '../errors.ts';
import { OpsError } from '../errors.ts';

export const EXIT = {
  /** Done, healthy, or nothing to do. */
  done: 0,
  /** Unhealthy, or the operation failed. */
  failed: 1,
  usage: 2,
  /** Nothing is known: no connection, or no login. */
  unreachable: 3,
  /** Refused, nothing changed. */
  refused: 4,
  /** Stopped part-way; the journal knows. */
  partial: 5,
  /** A bug in this program. */
  bug: 70,
  interrupted: 130,
} as const;

const BY_CODE: Readonly<Record<OpsErrorCode, number>> = {
  USAGE: EXIT.usage,
  UNREACHABLE: EXIT.unreachable,
  LOGIN: EXIT.unreachable,
  NOT_A_CLUSTER: EXIT.failed,
  REFUSED: EXIT.refused,
  FAILED: EXIT.failed,
  TIMEOUT: EXIT.failed,
  PARTIAL: EXIT.partial,
  INTERRUPTED: EXIT.interrupted,
  PROTOCOL: EXIT.failed,
};

/** The exit code of anything that was thrown. What nobody foresaw is a bug. */
export function exitCodeOf(failure: unknown): number {
  if (failure instanceof OpsError) return BY_CODE[failure.code];
  if (failure instanceof AssertionFailure) return EXIT.bug;
  return isFrameworkError(failure) ? EXIT.usage : EXIT.bug;
}

/** oclif's own errors carry `oclif.exit`; all that it throws before a command runs is about the command line. */
export function isFrameworkError(failure: unknown): boolean {
  return failure instanceof Error && 'oclif' in failure;
}
