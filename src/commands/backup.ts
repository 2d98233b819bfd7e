import { Flags } from '@oclif/core';
import { takeBackup } from '../lib/apply/backup/backup.ts';
import { freeBytesFor, refuseOccupied } from '../lib/apply/backup/folder.ts';
import { verifyBackup } from '../lib/apply/backup/verify.ts';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../lib/apply/refuse-beside.ts';
import { isRunning } from '../lib/local/process-identity.ts';
import { planBackup } from '../lib/plan/backup.ts';
import { wrongArguments } from '../lib/terminal/addresses.ts';
import { ClusterCommand, type ConsentFlags, type OutputFlags, ownProcess } from '../lib/terminal/base-command.ts';
import { type ConnectionFlags, connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import {
  renderBackupDone,
  renderBackupPlan,
  renderNodesJson,
  renderSnapshotBegin,
  renderVerified,
} from '../lib/view/backup.ts';
import type { Style } from '../lib/view/style.ts';

type BackupFlags = ConnectionFlags &
  OutputFlags &
  ConsentFlags & {
    readonly parallel: number;
    readonly 'per-host': number;
    readonly from: 'replicas' | 'primaries';
    readonly force: boolean;
  };

export default class Backup extends ClusterCommand {
  static override summary = 'Save the data of every shard, checked, with a manifest of the cluster.';
  static override description =
    `Takes a snapshot of each shard over the replication protocol, from a replica where there is one that is up to date,
and writes it to DIR with the topology, versions and checksums. DIR is there whole or not at all: nothing is overwritten,
and a backup that was interrupted leaves nothing that could be taken for one.

What was written before the command began is in the backup. A cluster whose slots are open, moving or without an owner is
refused, and so is a backup during which slots moved: a key may then be in two files or in none.`;
  static override examples = [
    '<%= config.bin %> backup 127.0.0.1:7000 /backups/2026-11-23',
    '<%= config.bin %> backup 127.0.0.1:7000 /backups/2026-11-23 --parallel 8 --json',
    '<%= config.bin %> backup --verify /backups/2026-11-23',
  ];
  static override usage = ['backup HOST:PORT... DIR [FLAGS]', 'backup --verify DIR'];
  static override strict = false;
  static override flags = {
    verify: Flags.boolean({ description: 'check a backup that was made before; no cluster is asked' }),
    parallel: Flags.integer({ description: 'how many snapshots at a time', default: 4, min: 1 }),
    'per-host': Flags.integer({ description: 'how many of them from one host', default: 1, min: 1 }),
    from: Flags.option({ options: ['replicas', 'primaries'] as const, default: 'replicas' as const })({
      description: 'take snapshots from replicas where they are up to date, or from primaries only',
    }),
    force: Flags.boolean({
      description: 'back up a cluster that is not well, or beside another run; the manifest says what was wrong',
      helpGroup: 'SAFETY',
    }),
    yes: consentFlags.yes,
    'dry-run': consentFlags['dry-run'],
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Backup);
    const words = argv as string[];
    const directory = words.at(-1);
    if (
      directory === undefined ||
      (!flags.verify && words.length === 1 && flags.context === undefined && flags.uri === undefined)
    ) {
      throw wrongArguments('Type: cluster backup HOST:PORT DIR');
    }
    if (flags.verify) return this.verify(directory, this.style(flags));
    await refuseOccupied(directory);
    return this.backUp(flags, words.slice(0, -1), directory);
  }

  private async verify(directory: string, style: Style): Promise<object> {
    const manifest = await verifyBackup(directory, this.interruption());
    this.print(renderVerified(directory, manifest, style));
    return { version: 1, outcome: 'verified', directory, manifest };
  }

  private backUp(flags: BackupFlags, seedWords: readonly string[], directory: string): Promise<object> {
    const { run } = this.openJournal();
    const name = `${CLIENT_NAME_PREFIX}${run}`;
    return this.withSession(
      flags,
      seedWords,
      async ({ cluster, seeds, progress, style }) => {
        const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
        if (!flags.force) await refuseBeside(cluster, topology, [name], { isTakeover: false });
        const plan = this.acceptable(
          planBackup(topology, {
            prefer: flags.from === 'replicas' ? 'replica' : 'primary',
            force: flags.force,
            freeBytes: await freeBytesFor(directory),
          }),
        );
        this.print(renderBackupPlan(plan, style));
        if (flags['dry-run']) return { version: 1, outcome: 'planned', directory, plan, durationMs: null };
        if (plan.hazards.length > 0) {
          this.requireSomeoneToAsk(flags);
          await this.consent('Do you want to try all the same?', flags);
        }
        const begun = performance.now();
        const manifest = await takeBackup(plan, topology, {
          cluster,
          emit: (event) => {
            if (event.event === 'snapshot-begin') this.print(renderSnapshotBegin(event.node, style));
            progress.emit(event);
          },
          signal: this.interruption(),
          directory,
          run,
          owner: ownProcess(),
          isRunning,
          parallelMax: flags.parallel,
          perHostMax: flags['per-host'],
          nodesJson: renderNodesJson(topology, plan.problems.length),
          force: flags.force,
        });
        progress.stop();
        const durationMs = performance.now() - begun;
        this.print(renderBackupDone(manifest, directory, durationMs, style));
        return { version: 1, outcome: 'done', directory, plan, manifest, durationMs };
      },
      name,
    );
  }
}
