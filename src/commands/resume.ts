import type { Journal, Run } from '../lib/apply/journal.ts';
import { restoreSettings } from '../lib/apply/keep-primaries.ts';
import { OpsError } from '../lib/errors.ts';
import { commandAgain } from '../lib/plan/membership.ts';
import { planFinishSeen, planResume } from '../lib/plan/resume.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { addressesOf, findRun, isUnfinished, splitRunAndSeeds } from '../lib/terminal/runs.ts';

export default class Resume extends MoveCommand {
  static override summary = 'Go on with a move that was interrupted.';
  static override description =
    `Goes on with the newest unfinished run of this machine, or the one that is named, and ends where an undisturbed run
would have ended. On another machine, name a node: what the cluster itself shows to be half-moved is moved to its end.`;
  static override examples = [
    '<%= config.bin %> resume',
    '<%= config.bin %> resume 20261123-011500-4e1f',
    '<%= config.bin %> resume 127.0.0.1:7000',
  ];
  static override usage = 'resume [RUN] [HOST:PORT...] [FLAGS]';
  static override strict = false;
  static override flags = { ...moveFlags, ...consentFlags, ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Resume);
    this.requireSomeoneToAsk(flags);
    const { name, seeds } = splitRunAndSeeds(argv as string[]);
    const directory = journalDirectory(process.env);
    const run = findRun(directory, name, isUnfinished);
    if (run === null && seeds.length === 0) {
      throw new OpsError('USAGE', 'No run of this machine was interrupted.', {
        suggestions: ['To go on with what another machine began, name a node of the cluster: cluster resume HOST:PORT'],
      });
    }
    if (run !== null) refuseUnlessMoving(run);
    const words = seeds.length > 0 || run === null ? seeds : addressesOf(run.plan);
    return this.withRun(
      flags,
      words,
      async (session, topology, journal) => {
        const plan = this.acceptable(run === null ? planFinishSeen(topology) : planResume(run.plan, topology));
        const document = await this.carryOut(
          session,
          topology,
          journal,
          plan,
          flags,
          'Do you want to go on with this?',
          { kind: 'resume', run: run?.run ?? null },
        );
        if (run === null || document.outcome === 'planned') return document;
        await restoreSettings(run.settings, topology, { ...session, emit: session.progress.emit, journal });
        if (document.outcome === 'nothing-to-do') journal.end('done');
        const rest = commandForRest(run);
        if (rest !== null) this.print(`The slots are moved. For the rest of the run type: ${rest}`);
        if (run.undoes !== undefined) this.continueJournal(run.undoes, run.process).end('undone');
        return document;
      },
      run === null ? { takesOver: 'anybody' } : { journal: this.journalOf(run), takesOver: run },
    );
  }

  /** A run that has more to do after its moves is not done with them. */
  private journalOf(run: Run): Journal {
    const journal = this.resumeJournal(run.run);
    if (commandForRest(run) === null) return journal;
    return { ...journal, end: (outcome) => journal.end(outcome === 'done' ? 'partial' : outcome) };
  }
}

/** Of a run that adds or removes nodes only the moves are gone on with: the same command does what comes before them. */
function refuseUnlessMoving(run: Run): void {
  const again = commandAgain(run.plan);
  const first = run.plan.steps.findIndex(({ kind }) => kind === 'move-slots');
  const isMoving = first !== -1 && run.begun.has(first);
  if (again === null || isMoving) return;
  throw new OpsError('REFUSED', `Run ${run.run} is gone on with by its own command: it was to ${run.plan.intention}.`, {
    suggestions: [`Type it again: ${again}`],
  });
}

/** What was to be done after the moves; null where nothing was. */
function commandForRest({ plan }: Run): string | null {
  const kinds = plan.steps.map(({ kind }) => kind);
  return kinds.lastIndexOf('move-slots') < kinds.length - 1 ? commandAgain(plan) : null;
}
