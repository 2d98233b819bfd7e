import { cancelMigrations } from '../lib/apply/cancel-migrations.ts';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { runningMigrations, untilServersAreDone } from '../lib/apply/server-migrations.ts';
import type { Topology } from '../lib/model/topology.ts';
import type { Session } from '../lib/terminal/base-command.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { FixCommand } from '../lib/terminal/fix-command.ts';
import { type FixFlagValues, fixFlags } from '../lib/terminal/fix-flags.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { intentsOf } from '../lib/terminal/runs.ts';

export default class Fix extends FixCommand {
  static override summary = 'Close open slots, cover uncovered ones, settle double owners.';
  static override description =
    `Shows for each slot what will be done and why, asks, and makes every slot whole: one owner, all its keys there, no marks.
What an interrupted run of this machine was moving goes to its end; otherwise what the nodes show decides. A value is
never put in the place of a different one: where two nodes have a key with different values, --on-conflict says whose
stays, and the other is kept in a file.

Exit codes: 0 done or nothing to do, 1 a slot was left open, 4 refused and nothing changed, 5 stopped part-way.`;
  static override examples = [
    '<%= config.bin %> fix 127.0.0.1:7000 --dry-run',
    '<%= config.bin %> fix 127.0.0.1:7000 --yes',
    '<%= config.bin %> fix 127.0.0.1:7000 --yes --with-unreachable-primaries --accept-data-loss',
  ];
  static override usage = 'fix HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = { ...fixFlags, ...consentFlags, ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Fix);
    this.requireSomeoneToAsk(flags);
    const servers = flags['on-migration'] === 'wait' ? 'wait' : 'leave';
    return this.withRun(
      flags,
      argv as string[],
      async (session, seen, journal) => {
        const topology = await this.cancelled(session, seen, flags);
        const options = {
          intents: intentsOf(journalDirectory(process.env)),
          coverTo: flags['cover-to'] ?? null,
          withUnreachable: flags['with-unreachable-primaries'] === true,
        };
        const planned = await this.planFixing(session, topology, options);
        return this.carryOutFix(session, topology, journal, planned, flags);
      },
      { takesOver: 'anybody', servers },
    );
  }

  /** `--on-migration cancel`: the topology once no server moves slots any more. */
  private async cancelled(
    session: Session,
    topology: Topology,
    flags: FixFlagValues & { readonly 'on-migration': 'wait' | 'leave' | 'cancel' },
  ): Promise<Topology> {
    const running = runningMigrations(topology);
    if (flags['on-migration'] !== 'cancel' || flags['dry-run'] || running.length === 0) return topology;
    await this.consent('Do you want to cancel what the servers are moving?', flags);
    const { cluster, seeds, progress } = session;
    await cancelMigrations(cluster, topology, running);
    return untilServersAreDone(await observeSteady(cluster, seeds), {
      cluster,
      seeds,
      emit: progress.emit,
      signal: this.interruption(),
    });
  }
}
