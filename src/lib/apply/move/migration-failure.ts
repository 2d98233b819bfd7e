/** What an atomic migration that did not succeed means for the operator, by what the server says of it. */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import type { SlotMigration } from '../../model/topology.ts';
import type { MoveJob } from './move.ts';

/** Valkey's own warning in a failed job's message; whether the target owns the slots then is not told. Seen in Valkey 9.1.2. */
const LOST_WRITES = /Unpaused before migration completed/;
/** Reported of Valkey up to 9.1.1 with io-threads and many writes (valkey issue 4545); not seen by us. */
const GARBLED = /Protocol error/;

/**
 * Null where the migration has succeeded and the server has nothing else to say. PARTIAL, which nothing tries again,
 * where writes may be lost, whoever owns the slots now; else FAILED.
 */
export function migrationFailure(
  { source, target }: MoveJob,
  { state, message }: Pick<SlotMigration, 'state' | 'message'>,
): OpsError | null {
  const [from, to] = [formatAddress(source.address), formatAddress(target.address)];
  const what = `The atomic migration from ${from} to ${to} ended as ${state}: ${message || 'no reason was given'}`;
  if (LOST_WRITES.test(message)) {
    return new OpsError(
      'PARTIAL',
      `WRITES MAY BE LOST. ${what}\nWhat clients wrote to ${from} in the last moments of the migration may be missing at ${to}, even where the slots have moved.`,
      {
        suggestions: [
          `Compare what was last written with what ${to} has; the slots that it was about are in the journal.`,
          'To move the rest without this danger: --mover key-wise',
        ],
      },
    );
  }
  if (state === 'success') return null;
  const suggestions = GARBLED.test(message)
    ? [
        `Valkey up to 9.1.1 is reported to end migrations this way while there are many writes: set io-threads 1 on ${from} and ${to}, or update them, or use --mover key-wise.`,
      ]
    : [];
  return new OpsError('FAILED', what, { suggestions });
}

/** Nothing is begun, or not any more, and no key was moved: another mover has to do it. */
export function notAtomically(reason: string): OpsError {
  return new OpsError('REFUSED', `Not moved atomically: ${reason}.`);
}
