import path from 'node:path';
import { Flags } from '@oclif/core';
import { verifyBackup } from '../lib/apply/backup/verify.ts';
import { IMPORT_DEFAULTS } from '../lib/apply/import/import.ts';
import type { Journal } from '../lib/apply/journal.ts';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../lib/apply/refuse-beside.ts';
import { refuseUnreadable } from '../lib/apply/restore/readable.ts';
import type { RestoreReport } from '../lib/apply/restore/report.ts';
import { shortcomingsOf } from '../lib/apply/restore/report.ts';
import { restoreBackup } from '../lib/apply/restore/restore.ts';
import { OpsError } from '../lib/errors.ts';
import { findServer } from '../lib/local/server-binary.ts';
import { parseAddress } from '../lib/model/address.ts';
import type { BackupManifest } from '../lib/model/backup.ts';
import type { Topology } from '../lib/model/topology.ts';
import type { RestorePlan } from '../lib/plan/restore.ts';
import { planRestore } from '../lib/plan/restore.ts';
import { type BackupServers, backupServers } from '../lib/terminal/backup-servers.ts';
import { ClusterCommand, type ConsentFlags, type OutputFlags, type Session } from '../lib/terminal/base-command.ts';
import { restoreDirectory } from '../lib/terminal/directories.ts';
import { EXIT } from '../lib/terminal/exit-codes.ts';
import { type ConnectionFlags, connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { parseRate } from '../lib/terminal/move-flags.ts';
import { renderRestored, renderRestorePlan } from '../lib/view/restore.ts';

type RestoreFlags = ConnectionFlags &
  OutputFlags &
  ConsentFlags & {
    readonly replace: boolean;
    readonly parallel: number;
    readonly server?: string | undefined;
    readonly throttle?: string | undefined;
    readonly force: boolean;
  };

const TYPE = { suggestions: ['Type: cluster restore DIR HOST:PORT'] };

export default class Restore extends ClusterCommand {
  static override summary = 'Put the keys of a backup into a cluster of any number of shards.';
  static override description =
    `Checks every file of the backup, lets a temporary server on this machine read each, and sends the keys to whichever
primaries own their slots now; functions too. The cluster's nodes need not reach this machine. Afterwards keys are counted
and a random few compared.

A key that the cluster has with another value is left as it is and named (exit code 1), unless --replace. A run that was
stopped goes on when it is typed again.`;
  static override examples = [
    '<%= config.bin %> restore /backups/2026-11-23 127.0.0.1:7000',
    '<%= config.bin %> restore /backups/2026-11-23 127.0.0.1:7000 --server /usr/bin/valkey-server --yes',
  ];
  static override usage = 'restore DIR HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = {
    replace: Flags.boolean({
      description: 'overwrite keys and functions that the cluster has with another value',
      helpGroup: 'SAFETY',
    }),
    parallel: Flags.integer({ description: 'how many files at a time', default: 2, min: 1 }),
    server: Flags.string({
      description: 'the server that reads the files (default: redis-server or valkey-server on PATH)',
      helpValue: 'PATH',
    }),
    throttle: Flags.string({ description: 'no faster than this, for example 5000keys/s or 20MB/s', helpValue: 'RATE' }),
    force: Flags.boolean({
      description: 'begin beside another run; leave out keys of databases other than 0',
      helpGroup: 'SAFETY',
    }),
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Restore);
    const [directory, ...seedWords] = argv as string[];
    if (directory === undefined) {
      throw new OpsError('USAGE', 'Which backup?', TYPE);
    }
    // As it is with `backup`, and so what hands type.
    if (parseAddress(directory) !== null && seedWords.some((word) => parseAddress(word) === null))
      throw new OpsError('USAGE', 'The folder of the backup comes first, then a node of the cluster.', TYPE);
    this.requireSomeoneToAsk(flags);
    const binary = findServer(flags.server, process.env);
    const journal = this.openJournal();
    const name = `${CLIENT_NAME_PREFIX}${journal.run}`;
    return this.withSession(
      flags,
      seedWords,
      async (session) => {
        const signal = this.interruption();
        const { progress, cluster, seeds } = session;
        const manifest = await progress.during('Checking the backup', () => verifyBackup(directory, signal));
        const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
        if (!flags.force) await refuseBeside(cluster, topology, [name], { isTakeover: false });
        const plan = this.acceptable(
          planRestore(topology, manifest, {
            directory,
            replace: flags.replace,
            force: flags.force,
            parallel: flags.parallel,
            availableMemory: process.availableMemory(),
          }),
        );
        const servers = backupServers(restoreDirectory(process.env), journal.run, binary);
        try {
          const empty = await servers.serve(null, signal);
          await refuseUnreadable(manifest, empty, binary, cluster, topology);
          await empty.stop();
          this.savePlan(plan, flags, { kind: 'restore' });
          this.print(renderRestorePlan(plan, manifest, binary, session.style));
          if (flags['dry-run']) return { version: 1, outcome: 'planned', run: null, plan, durationMs: null };
          await this.consent('Do you want to restore these keys?', flags);
          return await this.restore(session, topology, journal, { plan, manifest, directory, servers, flags, signal });
        } finally {
          await servers.close();
        }
      },
      name,
    );
  }

  private async restore(
    { cluster, progress, style }: Session,
    topology: Topology,
    journal: Journal,
    { plan, directory, servers, flags, signal }: Work,
  ): Promise<object> {
    const begun = performance.now();
    const parallel = Math.min(flags.parallel, plan.files.length);
    const limits = { batchMsMax: BATCH_MS_MAX, keysPerSecondMax: rateOf(plan, flags, parallel), latencyMsMax: null };
    journal.begin({ version: 1, intention: plan.intention, basis: plan.basis, steps: [], hazards: plan.hazards });
    let report: RestoreReport;
    try {
      report = await restoreBackup(plan, topology, {
        cluster,
        emit: progress.emit,
        signal,
        parallel,
        limits: () => limits,
        patienceMs: IMPORT_DEFAULTS.patienceMs,
        serve: ({ file, bytes }, stop) => servers.serve({ path: path.join(directory, file), bytes }, stop),
      });
    } catch (failure) {
      const isPartial = failure instanceof OpsError && (failure.code === 'PARTIAL' || failure.code === 'INTERRUPTED');
      journal.end(isPartial ? 'partial' : 'failed');
      throw failure;
    }
    const shortcomings = shortcomingsOf(report);
    journal.end(shortcomings.length === 0 ? 'done' : 'partial');
    progress.stop();
    const durationMs = performance.now() - begun;
    const rows = report.files.map(({ file, loaded, expired, report: counts, inCluster, sample }) => ({
      file,
      loaded,
      expired,
      imported: counts.keys,
      alreadyThere: counts.alreadyThere,
      conflicts: counts.conflicts.count,
      inCluster,
      sampled: sample.compared,
    }));
    this.print(renderRestored(rows, report.functions, shortcomings, journal.run, durationMs, style));
    this.setExitCode(shortcomings.length === 0 ? EXIT.done : EXIT.failed);
    const outcome = shortcomings.length === 0 ? 'done' : 'incomplete';
    return { version: 1, outcome, run: journal.run, plan, ...report, shortcomings, durationMs };
  }
}

interface Work {
  readonly plan: RestorePlan;
  readonly manifest: BackupManifest;
  readonly directory: string;
  readonly servers: BackupServers;
  readonly flags: RestoreFlags;
  readonly signal: AbortSignal;
}

/** A batch is sent in one piece; the server that gives it has no other clients. */
const BATCH_MS_MAX = 50;

/** Of each of the files that are restored at one time. */
function rateOf({ files }: RestorePlan, { throttle }: RestoreFlags, parallel: number): number | null {
  if (throttle === undefined) return null;
  const [keys, bytes] = files.reduce(([k, b], file) => [k + file.keys, b + file.memoryBytes], [0, 0]);
  return parseRate(throttle, keys === 0 ? 1 : bytes / keys) / parallel;
}
