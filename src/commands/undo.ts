import type { Journal, Run } from '../lib/apply/journal.ts';
import { coveredBy } from '../lib/apply/journal.ts';
import { restoreSettings } from '../lib/apply/keep-primaries.ts';
import { OpsError } from '../lib/errors.ts';
import type { Topology } from '../lib/model/topology.ts';
import { commandBack } from '../lib/plan/membership.ts';
import { purposeOf } from '../lib/plan/purpose.ts';
import { planFinishOpen, planUndo } from '../lib/plan/resume.ts';
import { simulateEnd } from '../lib/plan/simulate.ts';
import type { Session } from '../lib/terminal/base-command.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand, type MoveCommandFlags } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { addressesOf, findRun, splitRunAndSeeds } from '../lib/terminal/runs.ts';

export default class Undo extends MoveCommand {
  static override summary = 'Move slots back to where a run took them from.';
  static override description =
    `Takes back the newest run of this machine, or the one that is named, finished or not. What it left open is first moved
to its end, so that clients find every key at every moment; then the slots go back.`;
  static override examples = ['<%= config.bin %> undo', '<%= config.bin %> undo 20261123-011500-4e1f --yes'];
  static override usage = 'undo [RUN] [HOST:PORT...] [FLAGS]';
  static override strict = false;
  static override flags = { ...moveFlags, ...consentFlags, ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Undo);
    this.requireSomeoneToAsk(flags);
    const { name, seeds } = splitRunAndSeeds(argv as string[]);
    const directory = journalDirectory(process.env);
    const run = findRun(directory, name, canBeUndone);
    if (run === null)
      throw new OpsError('USAGE', 'No run of this machine can be undone.', { suggestions: ['See `cluster history`.'] });
    refuseMembership(run);
    const words = seeds.length > 0 ? seeds : addressesOf(run.plan);
    const journal = this.openJournal(run.run);
    return this.withRun(flags, words, (session, topology) => this.goBack(run, session, topology, journal, flags), {
      journal,
      takesOver: run,
    });
  }

  private async goBack(
    run: Run,
    session: Session,
    topology: Topology,
    journal: Journal,
    flags: MoveCommandFlags,
  ): Promise<object> {
    const question = 'Do you want to go back?';
    const closing = this.acceptable(planFinishOpen(run.plan, topology));
    const isClosing = closing.steps.length > 0 && !flags['dry-run'];
    // Refused BEFORE anything is closed where the slots cannot go back afterwards.
    const preview = this.acceptable(planUndo(run.plan, run.begun, simulateEnd(topology, closing)));
    if (isClosing) {
      this.print('>>> Slots that are open are moved to their end first.');
      // The plan that is saved is the one of the way back.
      const unsaved = { ...flags, 'plan-out': undefined };
      await this.carryOut(session, topology, coveredBy(run.run), closing, unsaved, question);
    }
    const now = isClosing ? await session.cluster.observe(session.seeds) : topology;
    const plan = isClosing ? this.acceptable(planUndo(run.plan, run.begun, now)) : preview;
    const consented = { ...flags, yes: flags.yes || isClosing };
    const request = { kind: 'undo', run: run.run } as const;
    const document = await this.carryOut(session, now, journal, plan, consented, question, request);
    if (document.outcome === 'planned') return document;
    const undone = this.continueJournal(run.run, run.process);
    await restoreSettings(run.settings, topology, { ...session, emit: session.progress.emit, journal: undone });
    undone.end('undone');
    return document;
  }
}

/** Adding and removing is taken back by the opposite command, which looks at the cluster as it is now. */
function refuseMembership({ run, plan }: Run): void {
  const back = commandBack(plan);
  if (back === null) return;
  throw new OpsError('REFUSED', `Run ${run} is not undone by itself: it was to ${plan.intention}.`, {
    suggestions: [
      `For the opposite: ${back}`,
      'To undo an older run, name it: cluster undo RUN, see `cluster history`.',
    ],
  });
}

/** A run that has moved slots, or changed who is a member, and was not taken back. Undoing is not undone, so each `undo` goes one run further back. */
function canBeUndone({ outcome, plan, undoes }: Run): boolean {
  return (
    undoes === undefined &&
    outcome !== 'undone' &&
    outcome !== 'failed' &&
    ['move', 'membership'].includes(purposeOf(plan))
  );
}
