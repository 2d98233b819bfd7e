import type { Journal, Run } from '../lib/apply/journal.ts';
import { continueJournal, coveredBy } from '../lib/apply/journal.ts';
import { OpsError } from '../lib/errors.ts';
import type { Topology } from '../lib/model/topology.ts';
import { planFinishOpen, planUndo } from '../lib/plan/resume.ts';
import { simulateEnd } from '../lib/plan/simulate.ts';
import { isFixStep } from '../lib/plan/simulate-fix.ts';
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
      await this.carryOut(session, topology, coveredBy(run.run), closing, flags, question);
    }
    const now = isClosing ? await session.cluster.observe(session.seeds) : topology;
    const plan = isClosing ? this.acceptable(planUndo(run.plan, run.begun, now)) : preview;
    const consented = { ...flags, yes: flags.yes || isClosing };
    const document = await this.carryOut(session, now, journal, plan, consented, question);
    if (document.outcome !== 'planned')
      continueJournal(journalDirectory(process.env), run.run, run.process).end('undone');
    return document;
  }
}

/** A run that has moved slots, was no fix, and was not taken back. Undoing is not undone, so each `undo` goes one run further back. */
function canBeUndone({ outcome, plan, undoes }: Run): boolean {
  return (
    undoes === undefined &&
    outcome !== 'undone' &&
    outcome !== 'failed' &&
    plan.steps.some(({ kind }) => kind === 'move-slots') &&
    !plan.steps.some(isFixStep)
  );
}
