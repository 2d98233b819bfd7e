/**
 * Restoring: for each file a server on this machine that reads it, and an import of its keys into the cluster, wherever
 * their slots are now. Several files at a time. What is there already with the same value is done, so a run that was
 * stopped goes on when it is typed again.
 */
import { setMaxListeners } from 'node:events';
import { mapBounded } from '../../bounded.ts';
import { OpsError } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import type { Topology } from '../../model/topology.ts';
import { isReached, primariesOf, reachedNodes } from '../../model/topology.ts';
import type { RestoreFile, RestorePlan } from '../../plan/restore.ts';
import type { Cluster } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { parseInfo } from '../../wire/info.ts';
import { throwIfInterrupted } from '../clock.ts';
import type { Emit } from '../events.ts';
import { IMPORT_DEFAULTS, importKeys } from '../import/import.ts';
import { Targets } from '../import/targets.ts';
import type { PaceLimits } from '../move/pace.ts';
import { countPresent } from './file-keys.ts';
import { FunctionsOfFiles } from './functions.ts';
import { compareSamples, countInSlots } from './proof.ts';
import type { RestoredFile, RestoreReport } from './report.ts';
import type { ServedFile } from './served-file.ts';
import { TotalProgress } from './total-progress.ts';

export interface RestoreSettings {
  /** The cluster that receives. */
  readonly cluster: Cluster;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Files at a time. */
  readonly parallel: number;
  /** Asked for each batch, by each of the files. */
  readonly limits: () => PaceLimits;
  /** How long a target that does not answer is waited for. */
  readonly patienceMs: number;
  /** Starts a server that has read the file. */
  readonly serve: (file: RestoreFile, signal: AbortSignal) => Promise<ServedFile>;
}

/**
 * Returns when every key of every file is in the cluster or named in the report. Throws REFUSED where functions differ
 * and nothing was changed; otherwise what stopped it, PARTIAL once keys were restored, or INTERRUPTED.
 */
export async function restoreBackup(
  plan: RestorePlan,
  topology: Topology,
  settings: RestoreSettings,
): Promise<RestoreReport> {
  const giveUp = new AbortController();
  // The batches of several files wait at a time.
  setMaxListeners(0, giveUp.signal);
  const stop = (): void => giveUp.abort();
  settings.signal.addEventListener('abort', stop);
  if (settings.signal.aborted) stop();
  const seeds = reachedNodes(topology).map(({ address }) => address);
  const progress = new TotalProgress(
    settings.emit,
    plan.files.reduce((sum, { keys }) => sum + keys, 0),
  );
  const functions = new FunctionsOfFiles(settings.cluster, primaryAddresses(topology), plan.replace);
  let isTouched = false;
  try {
    const files = await mapBounded(plan.files, settings.parallel, async (file) => {
      try {
        throwIfInterrupted(giveUp.signal);
        return await restoreFile(plan, file, seeds, { ...settings, signal: giveUp.signal }, progress, functions);
      } catch (failure) {
        // One that fails ends the others: there is no use in going on with a cluster that does not take keys.
        stop();
        isTouched ||= failure instanceof OpsError && failure.code === 'PARTIAL';
        throw failure;
      }
    });
    return { files, functions: functions.names };
  } catch (failure) {
    throw settled(failure, isTouched || progress.hasBegun || functions.isTouched);
  } finally {
    settings.signal.removeEventListener('abort', stop);
  }
}

/** The failure, under a code that is true of the whole run. */
function settled(failure: unknown, isTouched: boolean): unknown {
  if (!(failure instanceof OpsError) || failure.code === 'INTERRUPTED') return failure;
  // The cluster was reached before: what is not known is only what has become of one node.
  if (!isTouched && failure.code !== 'UNREACHABLE') return failure;
  return new OpsError(isTouched ? 'PARTIAL' : 'FAILED', failure.message, {
    suggestions: failure.suggestions.length > 0 ? failure.suggestions : ['Type the same command again to go on.'],
    cause: failure,
  });
}

async function restoreFile(
  plan: RestorePlan,
  file: RestoreFile,
  seeds: readonly Address[],
  settings: RestoreSettings,
  progress: TotalProgress,
  functions: FunctionsOfFiles,
): Promise<RestoredFile> {
  const { cluster, signal } = settings;
  settings.emit({ event: 'restore-file', file: file.file, state: 'reading' });
  const served = await settings.serve(file, signal);
  try {
    const { loaded, expired } = await readCounts(served);
    await functions.restore(served);
    settings.emit({ event: 'restore-file', file: file.file, state: 'restoring' });
    const imported = await importKeys(
      { cluster, seeds, emit: progress.of(file.file), signal },
      { cluster: served.cluster, primaries: [served.address], isCluster: false, database: 0 },
      {
        copy: true,
        replace: plan.replace,
        engine: 'relay',
        mayFallBack: false,
        limits: settings.limits,
        keys: loaded,
        patienceMs: settings.patienceMs,
        // It is on this machine and nobody else's: a connection that breaks means that it has ended.
        sourcePatienceMs: 0,
        migrateTimeoutMs: IMPORT_DEFAULTS.migrateTimeoutMs,
      },
    );
    // Not watched because nothing can change: nobody else knows the server.
    const report = { ...imported, isUnwatched: false };
    progress.finished(file.file, report);
    const targets = new Targets(cluster, seeds);
    await targets.refresh();
    const sample = await compareSamples(served, cluster, targets);
    const inCluster = await countInSlots(cluster, targets, file.slots);
    // Counted LAST: keys that have expired meanwhile are gone from it.
    const { left, expiring } = await countLeft(served);
    const named = report.keys + report.alreadyThere + report.conflicts.count + report.unreadable.count;
    settings.emit({ event: 'restore-file', file: file.file, state: 'restored' });
    const missing = left <= named ? 0 : Math.max(0, (await countPresent(served)) - named);
    return { file: file.file, loaded, expired, report, missing, left, expiring, inCluster, sample };
  } catch (failure) {
    const farewell = served.farewell();
    if (farewell === null || !(failure instanceof OpsError)) throw failure;
    const { code, message, suggestions } = failure;
    throw new OpsError(code, `${farewell}\n${message}`, { suggestions, cause: failure });
  } finally {
    await served.stop();
  }
}

/** What the server says of the file that it read at its start; of database 0 the keys that are left. Source: INFO of Redis 7.0. */
async function readCounts({
  cluster,
  address,
}: ServedFile): Promise<{ readonly loaded: number; readonly expired: number }> {
  const [info, size] = await Promise.all([
    cluster.call(address, argv.info('persistence')),
    cluster.call(address, argv.databaseSize()),
  ]);
  const { rdb_last_load_keys_expired: expired = '0' } = parseInfo(String(info));
  return { loaded: Number(size), expired: Number(expired) };
}

/** Of database 0. Source: `db0:keys=…,expires=…` of INFO. */
async function countLeft({
  cluster,
  address,
}: ServedFile): Promise<{ readonly left: number; readonly expiring: number }> {
  const { db0 = '' } = parseInfo(String(await cluster.call(address, argv.info('keyspace'))));
  return { left: Number(/keys=(\d+)/.exec(db0)?.[1] ?? 0), expiring: Number(/expires=(\d+)/.exec(db0)?.[1] ?? 0) };
}

function primaryAddresses(topology: Topology): readonly Address[] {
  return primariesOf(topology)
    .filter(isReached)
    .filter(({ entry }) => entry.slots.length > 0)
    .map(({ address }) => address);
}
