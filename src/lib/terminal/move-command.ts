/** What the commands share that move slots: measuring, showing, asking, applying, and telling what has become of it. */
import type { Journal } from '../apply/journal.ts';
import { observeSteady } from '../apply/observe-steady.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../apply/refuse-beside.ts';
import { runMoves } from '../apply/run-moves.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { withEstimates } from '../plan/estimate.ts';
import type { MoveSlots, Plan } from '../plan/plan.ts';
import { measureMoves } from '../redis/measure-moves.ts';
import { renderMovePlan } from '../view/move-plan.ts';
import { formatCount, formatDuration } from '../view/units.ts';
import type { ConsentFlags, OutputFlags, Session } from './base-command.ts';
import { ClusterCommand } from './base-command.ts';
import { parseSeconds } from './connection.ts';
import type { ConnectionFlags } from './flags.ts';
import { type MoveFlagValues, readMoveSettings } from './move-flags.ts';

export type MoveCommandFlags = ConnectionFlags &
  OutputFlags &
  ConsentFlags &
  MoveFlagValues & { readonly force: boolean; readonly 'wait-timeout': string };

/** What --json shows of a command that moves slots. */
export interface MoveDocument {
  readonly version: 1;
  readonly outcome: 'planned' | 'done' | 'nothing-to-do';
  /** The run, for `history` and `undo`; null where nothing was done. */
  readonly run: string | null;
  readonly plan: Plan;
  readonly durationMs: number | null;
}

export abstract class MoveCommand extends ClusterCommand {
  /** A session whose connections name the run, beside which no other is at work. */
  protected async withRun<Result>(
    flags: MoveCommandFlags,
    words: readonly string[],
    work: (session: Session, topology: Topology, journal: Journal) => Promise<Result>,
  ): Promise<Result> {
    const journal = this.openJournal();
    const name = `${CLIENT_NAME_PREFIX}${journal.run}`;
    return this.withSession(
      flags,
      words,
      async (session) => {
        const { cluster, seeds, progress } = session;
        const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
        if (!flags.force) await refuseBeside(cluster, topology, name);
        return work(session, topology, journal);
      },
      name,
    );
  }

  /** From the plan to the end: estimates, the plan on the screen, consent, the moves, the closing line. */
  protected async carryOut(
    session: Session,
    topology: Topology,
    journal: Journal,
    bare: Plan,
    flags: MoveCommandFlags,
    question: string,
  ): Promise<MoveDocument> {
    const plan = await this.measured(session, topology, bare);
    this.savePlan(plan, flags);
    this.print(renderMovePlan(plan, topology, session.style));
    if (plan.steps.length === 0) return { version: 1, outcome: 'nothing-to-do', run: null, plan, durationMs: null };
    if (flags['dry-run']) return { version: 1, outcome: 'planned', run: null, plan, durationMs: null };
    await this.consent(question, flags);
    const durationMs = await this.move(session, topology, journal, plan, flags);
    return { version: 1, outcome: 'done', run: journal.run, plan, durationMs };
  }

  /** Applies a plan that was shown and consented to. How long it took, in milliseconds. */
  protected async move(
    session: Session,
    topology: Topology,
    journal: Journal,
    plan: Plan,
    flags: MoveCommandFlags,
  ): Promise<number> {
    const begun = performance.now();
    await runMoves(plan, topology, {
      cluster: session.cluster,
      journal,
      emit: session.progress.emit,
      signal: this.interruption(),
      waitTimeoutMs: parseSeconds(flags['wait-timeout'], '--wait-timeout'),
      move: readMoveSettings(flags, bytesPerKeyOf(plan)),
    });
    session.progress.stop();
    const durationMs = performance.now() - begun;
    const slots = movesOf(plan).reduce((sum, move) => sum + countSlots(move.slots), 0);
    this.print(
      `[OK] ${formatCount(slots)} slots moved in ${formatDuration(durationMs)}; all nodes agree. Run ${journal.run}.`,
    );
    return durationMs;
  }

  private async measured({ cluster, progress }: Session, topology: Topology, plan: Plan): Promise<Plan> {
    const givings = movesOf(plan).map(({ source, slots }) => ({ nodeId: source.id, slots }));
    const measures = await progress.during('Counting keys', () => measureMoves(cluster, topology, givings));
    return withEstimates(plan, measures);
  }
}

function movesOf(plan: Plan): readonly MoveSlots[] {
  return plan.steps.filter((step) => step.kind === 'move-slots');
}

/** Of the estimates; a key of unknown size is taken for a small one. */
const BYTES_PER_KEY_ASSUMED = 100;

function bytesPerKeyOf(plan: Plan): number {
  const estimates = movesOf(plan).flatMap(({ estimate }) => estimate ?? []);
  const keys = estimates.reduce((sum, estimate) => sum + estimate.keys, 0);
  const bytes = estimates.reduce((sum, estimate) => sum + estimate.bytes, 0);
  return keys > 0 && bytes > 0 ? bytes / keys : BYTES_PER_KEY_ASSUMED;
}
