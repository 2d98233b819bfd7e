/** What the commands share that move slots: measuring, showing, asking, applying, and telling what has become of it. */
import path from 'node:path';
import type { ExecutorOptions } from '../apply/executor.ts';
import type { Journal, Run } from '../apply/journal.ts';
import { observeSteady } from '../apply/observe-steady.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../apply/refuse-beside.ts';
import { runMoves } from '../apply/run-moves.ts';
import { untilServersAreDone } from '../apply/server-migrations.ts';
import { mapBounded } from '../bounded.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';
import { emptiedBy } from '../plan/emptied.ts';
import { withEstimates } from '../plan/estimate.ts';
import type { MoveSlots, Plan } from '../plan/plan.ts';
import type { PlanRequest } from '../plan/request.ts';
import { refuseStrayKeys } from '../plan/stray-keys.ts';
import { measureMoves } from '../redis/measure-moves.ts';
import { countStrayKeys } from '../redis/stray-keys.ts';
import { renderEmptied } from '../view/emptied.ts';
import { renderMovePlan } from '../view/move-plan.ts';
import { formatCount, formatDuration } from '../view/units.ts';
import type { ConsentFlags, OutputFlags, Session } from './base-command.ts';
import { ClusterCommand } from './base-command.ts';
import { parseSeconds } from './connection.ts';
import { journalDirectory } from './directories.ts';
import type { ConnectionFlags } from './flags.ts';
import { type MoveFlagValues, readMoveSettings } from './move-flags.ts';
import { startSteering } from './steering.ts';

const CONCURRENT_NODES_MAX = 16;

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

/** The earlier run that is gone on with or taken back; `anybody` where only the cluster shows that there was one. */
export type TakenOver = Run | 'anybody' | null;

export abstract class MoveCommand extends ClusterCommand {
  /**
   * A session whose connections name the run, beside which no other is at work. One that goes on with an earlier run,
   * or takes it back, first lets the servers end what that run has left to them.
   */
  protected async withRun<Result>(
    flags: ConnectionFlags & OutputFlags & ConsentFlags & { readonly force: boolean },
    words: readonly string[],
    work: (session: Session, topology: Topology, journal: Journal) => Promise<Result>,
    {
      journal = this.openJournal(),
      takesOver = null,
      servers = 'wait',
    }: {
      readonly journal?: Journal;
      readonly takesOver?: TakenOver;
      /** `leave`: what servers move by themselves is not waited for. */
      readonly servers?: 'wait' | 'leave';
    } = {},
  ): Promise<Result> {
    const name = `${CLIENT_NAME_PREFIX}${journal.run}`;
    return this.withSession(
      flags,
      words,
      async (session) => {
        const { cluster, seeds, progress } = session;
        const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
        const own = [
          name,
          ...(takesOver === null || takesOver === 'anybody' ? [] : [`${CLIENT_NAME_PREFIX}${takesOver.run}`]),
        ];
        if (!flags.force) await refuseBeside(cluster, topology, own, { isTakeover: takesOver !== null });
        if (takesOver === null || flags['dry-run'] || servers === 'leave') return work(session, topology, journal);
        const settled = await untilServersAreDone(topology, {
          cluster,
          seeds,
          emit: progress.emit,
          signal: this.interruption(),
        });
        return work(session, settled, journal);
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
    request: PlanRequest = { kind: 'move' },
  ): Promise<MoveDocument> {
    const plan = await this.measured(session, topology, bare);
    if (!flags['keep-primary']) await this.refuseStrays(session, topology, plan);
    this.savePlan(plan, flags, request);
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
    const after = await this.steered(session, journal, plan, flags, (options) => runMoves(plan, topology, options));
    session.progress.stop();
    const durationMs = performance.now() - begun;
    const slots = movesOf(plan).reduce((sum, move) => sum + countSlots(move.slots), 0);
    this.print(
      `[OK] ${formatCount(slots)} slots moved in ${formatDuration(durationMs)}; all nodes agree. Run ${journal.run}.`,
    );
    for (const sentence of renderEmptied(plan, after)) this.print(sentence);
    return durationMs;
  }

  /** Runs `work` with all that an executor needs; meanwhile the pace of moves can be changed. */
  protected async steered<Result>(
    session: Session,
    journal: Journal,
    plan: Plan,
    flags: MoveCommandFlags,
    work: (options: ExecutorOptions) => Promise<Result>,
  ): Promise<Result> {
    const bytesPerKey = bytesPerKeyOf(plan);
    const settings = readMoveSettings(flags, bytesPerKey);
    const steering = startSteering({
      limits: settings.limits(),
      controlFile: path.join(journalDirectory(process.env), `${journal.run}.control.json`),
      bytesPerKey,
      keyboard: isKeyboard(flags) ? process.stdin : null,
      emit: session.progress.emit,
    });
    const running = work({
      cluster: session.cluster,
      journal,
      emit: steering.emit,
      signal: this.interruption(),
      waitTimeoutMs: parseSeconds(flags['wait-timeout'], '--wait-timeout'),
      move: { ...settings, limits: steering.limits },
    });
    return running.finally(steering.stop);
  }

  protected async measured({ cluster, progress }: Session, topology: Topology, plan: Plan): Promise<Plan> {
    const givings = movesOf(plan).map(({ source, slots }) => ({ nodeId: source.id, slots }));
    const measures = await progress.during('Counting keys', () => measureMoves(cluster, topology, givings));
    return withEstimates(plan, measures);
  }

  /** Throws REFUSED where keys would go with the last slot of a primary: see `plan/stray-keys.ts`. */
  protected async refuseStrays({ cluster, progress }: Session, topology: Topology, plan: Plan): Promise<void> {
    const emptied = emptiedBy(plan, topology);
    if (emptied.length === 0) return;
    const counts = await progress.during('Counting keys', () =>
      mapBounded(emptied, CONCURRENT_NODES_MAX, async ({ node, given }) =>
        isReached(node) ? ([node.id, await countStrayKeys(cluster, node, given)] as const) : ([node.id, 0] as const),
      ),
    );
    const refusals = refuseStrayKeys(topology, new Map(counts));
    if (refusals.length > 0) this.acceptable({ ok: false, refusals });
  }
}

/** Keys are read where progress is shown on the same terminal: not of a script's or a test's standard input. */
function isKeyboard(flags: OutputFlags): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && flags.progress === 'auto' && !flags.quiet;
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
