import { continueJournal } from '../lib/apply/journal.ts';
import { OpsError } from '../lib/errors.ts';
import { planFinishOpen, planUndo } from '../lib/plan/resume.ts';
import { simulateEnd } from '../lib/plan/simulate.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
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
    const run = findRun(
      directory,
      name,
      ({ outcome, plan }) =>
        outcome !== 'undone' && outcome !== 'failed' && plan.steps.some(({ kind }) => kind === 'move-slots'),
    );
    if (run === null)
      throw new OpsError('USAGE', 'No run of this machine can be undone.', { suggestions: ['See `cluster history`.'] });
    return this.withRun(flags, seeds.length > 0 ? seeds : addressesOf(run), async (session, topology, journal) => {
      const closing = this.acceptable(planFinishOpen(run.plan, topology));
      const preview = simulateEnd(topology, closing);
      const back = this.acceptable(planUndo(run.plan, run.begun, preview));
      if (closing.steps.length > 0 && !flags['dry-run']) {
        this.print('>>> Slots that are open are moved to their end first.');
        await this.carryOut(session, topology, this.openJournal(), closing, flags, 'Do you want to go back?');
      }
      const now =
        closing.steps.length > 0 && !flags['dry-run'] ? await session.cluster.observe(session.seeds) : topology;
      const plan =
        closing.steps.length > 0 && !flags['dry-run'] ? this.acceptable(planUndo(run.plan, run.begun, now)) : back;
      const document = await this.carryOut(
        session,
        now,
        journal,
        plan,
        { ...flags, yes: flags.yes || closing.steps.length > 0 },
        'Do you want to go back?',
      );
      if (document.outcome !== 'planned') continueJournal(directory, run.run, run.process).end('undone');
      return document;
    });
  }
}
