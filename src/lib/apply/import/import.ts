/**
 * Keys of one or more servers into a cluster: each key to the primary that owns its slot.
 *
 * Without `copy` keys are moved: one leaves the source only when the target has confirmed it, in one step with the proof
 * that it has not changed meanwhile. So a run may be killed at any moment and typed again: what is there already with
 * the same value is done. With `copy` the source tells which keys change, and those are copied again until it is quiet.
 */

import { OpsError } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import type { ImportReport } from '../../model/import-report.ts';
import type { Cluster, SourceCluster } from '../../redis/cluster.ts';
import type { Clock } from '../clock.ts';
import { SYSTEM_CLOCK, throwIfInterrupted } from '../clock.ts';
import type { Emit } from '../events.ts';
import { Pace, type PaceLimits } from '../move/pace.ts';
import { copySource } from './copy-source.ts';
import { ImportTally } from './import-tally.ts';
import { moveSource } from './move-source.ts';
import { lifeOf, requireSameLife, withPatience, withSource } from './source-life.ts';
import { Targets } from './targets.ts';

export interface ImportExecution {
  /** The cluster that receives. */
  readonly cluster: Cluster;
  /** Some of its nodes: whoever of them answers names the others, whatever fails meanwhile. */
  readonly seeds: readonly Address[];
  readonly emit: Emit;
  /** Fires when the operator asks to stop: the batches under way are finished, no further one is begun. */
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface ImportSource {
  /** A port with the source's login. Its `targetLogin` is what MIGRATE shows to the receiving cluster. */
  readonly cluster: SourceCluster;
  /** The standalone server, or every primary of the source cluster; several are emptied one after the other. */
  readonly primaries: readonly Address[];
  /** True where the source is in cluster mode: a command may then name keys of one slot only. */
  readonly isCluster: boolean;
  readonly database: number;
}

/** `relay`: DUMP and RESTORE through this program. `migrate`: the source sends with MIGRATE, and serves nobody else meanwhile. */
export type ImportEngine = 'relay' | 'migrate';

export interface ImportSettings {
  /** The keys stay at the source. */
  readonly copy: boolean;
  /** Overwrite keys that the target has with another value. Only ever by the operator's explicit word. */
  readonly replace: boolean;
  readonly engine: ImportEngine;
  /** Where MIGRATE turns out not to work, go on with `relay`; else that is a failure. */
  readonly mayFallBack: boolean;
  /** Asked for each batch: rate, and for `migrate` the time of one batch. */
  readonly limits: () => PaceLimits;
  /** How many keys there are, for the progress; null where they were not counted. */
  readonly keys: number | null;
  /** How long a target that does not answer, fails over or is out of memory is waited for. */
  readonly patienceMs: number;
  /** How long a source is asked again that breaks its connections. */
  readonly sourcePatienceMs: number;
  /** The server's bound on each wait of one MIGRATE. */
  readonly migrateTimeoutMs: number;
}

/** The cluster was seen a moment ago. */
const REFRESH_PATIENCE_MS = 10_000;

export const IMPORT_DEFAULTS = { patienceMs: 60_000, sourcePatienceMs: 10_000, migrateTimeoutMs: 5000 } as const;

/**
 * Returns when all keys are where they belong, or named in the report. Throws what stopped it: UNREACHABLE or FAILED,
 * which become PARTIAL once something was imported, or INTERRUPTED. Typed again it goes on in any case.
 */
export async function importKeys(
  execution: ImportExecution,
  source: ImportSource,
  settings: ImportSettings,
): Promise<ImportReport> {
  const { cluster, seeds, emit, signal, clock = SYSTEM_CLOCK } = execution;
  const tally = new ImportTally(emit, settings.keys, clock);
  const targets = new Targets(cluster, seeds);
  const pace = new Pace(settings.limits, clock);
  try {
    await withPatience({ clock, signal }, REFRESH_PATIENCE_MS, () => targets.refresh());
    for (const address of source.primaries) {
      throwIfInterrupted(signal);
      const settled = new Set<string>();
      const life = await withPatience({ clock, signal }, settings.sourcePatienceMs, () => lifeOf({ source, address }));
      const work = { cluster, emit, signal, clock, settings, source, address, life, targets, tally, pace, settled };
      await (settings.copy ? copySource(work) : moveSource(work));
      await withSource(work, () => requireSameLife(work));
    }
    return tally.report();
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    throw withProgress(failure, tally);
  }
}

/** The failure with what was done before. What was sent and not confirmed may have arrived all the same. */
function withProgress(failure: OpsError, tally: ImportTally): OpsError {
  const { keys, alreadyThere } = tally.report();
  const code = failure.code === 'INTERRUPTED' ? 'INTERRUPTED' : tally.hasBegun ? 'PARTIAL' : failure.code;
  const before = alreadyThere === 0 ? '' : `; ${alreadyThere} were there already`;
  const progress = tally.hasBegun
    ? `${keys} keys were imported before${before}: none was lost on the way, each is whole at the source, at the target, or both.`
    : 'No key was imported.';
  return new OpsError(code, `${failure.message}\n${progress}`, {
    suggestions: [
      ...failure.suggestions,
      'Type the same command again to go on: what is there already counts as done.',
    ],
    cause: failure.cause ?? failure,
  });
}
