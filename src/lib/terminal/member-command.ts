/** What the commands share that add and remove nodes: showing, asking, applying, and closing what it completes. */
import { changeMembers } from '../apply/change-members.ts';
import type { Journal } from '../apply/journal.ts';
import { readRuns } from '../apply/journal.ts';
import { OpsError } from '../errors.ts';
import { isRunning } from '../local/process-identity.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import { membershipOf } from '../plan/membership.ts';
import type { NodeRef, Plan, Planned } from '../plan/plan.ts';
import { renderMemberPlan } from '../view/member-plan.ts';
import type { Session } from './base-command.ts';
import { journalDirectory } from './directories.ts';
import { MoveCommand, type MoveCommandFlags, type MoveDocument } from './move-command.ts';
import { isUnfinished } from './runs.ts';

/** What is asked, shown and looked at again. */
export interface MemberChange {
  readonly plan: Plan;
  readonly topology: Topology;
  readonly look: () => Promise<Topology>;
  /** What it is about, for earlier runs that were on the way to the same end. */
  readonly goal: Goal;
  /** Lines above the plan, in redis-cli's words. */
  readonly headings: readonly string[];
  readonly question: string;
  /** True where a script without a terminal has to have consented beforehand. */
  readonly isDangerous: boolean;
  /** Where there are no steps. */
  readonly nothing: string;
}

export interface Goal {
  readonly kind: 'add' | 'remove';
  readonly ids: readonly NodeId[];
}

export abstract class MemberCommand extends MoveCommand {
  /** From the plan to the end, as `carryOut` for moves. */
  protected async carryOutChange(
    session: Session,
    journal: Journal,
    change: MemberChange,
    flags: MoveCommandFlags,
  ): Promise<MoveDocument> {
    const { topology, headings } = change;
    const plan = await this.measured(session, topology, change.plan);
    this.savePlan(plan, flags);
    const text = renderMemberPlan(plan, topology, headings, session.style);
    if (text !== '') this.print(text);
    const document = { version: 1, run: null, plan, durationMs: null } as const;
    if (plan.steps.length === 0) {
      this.print(change.nothing);
      this.completeEarlier(change.goal, journal.run);
      return { ...document, outcome: 'nothing-to-do' };
    }
    if (flags['dry-run']) return { ...document, outcome: 'planned' };
    await this.consentLikeRedisCli(change.question, flags, change);
    const begun = performance.now();
    await this.steered(session, journal, plan, flags, (options) => changeMembers({ ...change, plan }, options));
    session.progress.stop();
    this.completeEarlier(change.goal, journal.run);
    return { version: 1, outcome: 'done', run: journal.run, plan, durationMs: performance.now() - begun };
  }

  /**
   * As `acceptable`; but where the cluster is ill because a run with the same end was stopped while it moved slots, that
   * run is to be gone on with first.
   */
  protected acceptableAfter(planned: Planned, kind: Goal['kind'], names: readonly string[]): Plan {
    const isIll = !planned.ok && planned.refusals.some(({ rule }) => rule === 'unhealthy');
    const run = isIll ? interruptedMove(kind, names) : null;
    if (planned.ok || run === null) return this.acceptable(planned);
    const [first] = planned.refusals;
    throw new OpsError('REFUSED', `[ERR] ${first?.message}\nRun ${run} was interrupted while it moved slots.`, {
      suggestions: [`First go on with the slots: cluster resume ${run}`, 'Then type this command again.'],
    });
  }

  /** Runs that were interrupted on the way to the same end have come to it now. */
  private completeEarlier({ kind, ids }: Goal, run: string): void {
    for (const earlier of readRuns(journalDirectory(process.env))) {
      if (earlier.run === run || !isUnfinished(earlier) || isRunning(earlier.process)) continue;
      const membership = membershipOf(earlier.plan);
      if (membership?.kind === kind && membership.nodes.every(({ id }) => ids.includes(id)))
        this.continueJournal(earlier.run, earlier.process).end('done');
    }
  }
}

/** The newest unfinished run about any of the nodes that was moving slots. */
function interruptedMove(kind: Goal['kind'], names: readonly string[]): string | null {
  const isNamed = ({ id, address }: NodeRef): boolean => names.some((name) => id.startsWith(name) || address === name);
  const found = readRuns(journalDirectory(process.env)).find((run) => {
    const membership = membershipOf(run.plan);
    const isMoving = run.plan.steps.some((step, index) => step.kind === 'move-slots' && run.begun.has(index));
    return isUnfinished(run) && isMoving && membership?.kind === kind && membership.nodes.some(isNamed);
  });
  return found?.run ?? null;
}
