/**
 * What the commands share that add and remove nodes: looking, planning, showing, asking, applying, and closing earlier runs
 * that this one completes. A plan that was saved is made again in the same way, and carried out only where it is the same.
 */
import { changeMembers } from '../apply/change-members.ts';
import type { Journal } from '../apply/journal.ts';
import { readRuns } from '../apply/journal.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../apply/refuse-beside.ts';
import { refuseStale } from '../apply/run-moves.ts';
import { OpsError } from '../errors.ts';
import { isRunning } from '../local/process-identity.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, orderedById } from '../model/topology.ts';
import { planAddNodes } from '../plan/add-nodes.ts';
import { membershipOf } from '../plan/membership.ts';
import { withNewcomers } from '../plan/newcomers.ts';
import type { NodeRef, Plan, Planned } from '../plan/plan.ts';
import { planRemoveNodes } from '../plan/remove-nodes.ts';
import type { AdditionRequest, MemberRequest, RemovalRequest } from '../plan/request.ts';
import { compareFunctions } from '../redis/read-functions.ts';
import { renderMemberPlan } from '../view/member-plan.ts';
import { parseAddresses } from './addresses.ts';
import type { Session } from './base-command.ts';
import { journalDirectory } from './directories.ts';
import { memberWords } from './member-words.ts';
import { MoveCommand, type MoveCommandFlags, type MoveDocument } from './move-command.ts';
import { observeWithDeparted, removedBy, withoutRemoved } from './removal.ts';
import { isUnfinished } from './runs.ts';
import { refuseOtherPlan } from './stale-plan.ts';

export interface MemberChange {
  readonly request: MemberRequest;
  readonly plan: Plan;
  /** What the plan was made from. */
  readonly topology: Topology;
  /** Looks at all of it again. */
  readonly look: () => Promise<Topology>;
  /** Whom it is about, for earlier runs that were on the way to the same end. */
  readonly ids: readonly NodeId[];
}

/** How a change is planned: by a new run, which may be `force`d; `saved` is the plan that has to come of it. */
export interface Planning {
  readonly journal: Journal;
  readonly force: boolean;
  readonly saved?: Plan;
}

export abstract class MemberCommand extends MoveCommand {
  /** Throws REFUSED where it cannot be done, and where another plan comes of it than the one that was saved. */
  protected async planChange(
    session: Session,
    seen: Topology,
    request: MemberRequest,
    planning: Planning,
  ): Promise<MemberChange> {
    const members = orderedById(seen);
    const change =
      request.kind === 'add'
        ? await this.planAddition(session, members, request, planning)
        : await this.planRemoval(session, members, request, planning);
    if (planning.saved !== undefined) refuseOtherPlan(planning.saved, change.plan);
    return change;
  }

  private async planAddition(
    { cluster, seeds, progress }: Session,
    members: Topology,
    request: AdditionRequest,
    { journal, force, saved }: Planning,
  ): Promise<MemberChange> {
    const addresses = parseAddresses(request.nodes);
    const asked = await progress.during('Asking the new nodes', () => cluster.observeEach(addresses));
    const topology = orderedById(withNewcomers(members, asked));
    if (saved !== undefined) refuseStale(saved, topology);
    const own = [`${CLIENT_NAME_PREFIX}${journal.run}`];
    if (!force) await refuseBeside(cluster, strangersIn(asked, members), own, { isTakeover: true });
    const { role, rebalance } = request;
    const ids = asked.nodes.map(({ id }) => id);
    const functions = await compareFunctions(cluster, members, asked);
    const planned = planAddNodes(topology, { ids, role, rebalance, functions, zones: new Map(request.zones) });
    const plan = this.acceptableAfter(planned, 'add', ids);
    const look = async (): Promise<Topology> =>
      withNewcomers(await cluster.observe(seeds), await cluster.observeEach(addresses));
    return { request, plan, topology, look, ids };
  }

  private async planRemoval(
    session: Session,
    members: Topology,
    request: RemovalRequest,
    { saved }: Planning,
  ): Promise<MemberChange> {
    const { cluster, seeds, progress } = session;
    const complete = observeWithDeparted(session, request.names);
    const topology = orderedById(await progress.during('Asking every node', () => complete(members)));
    if (saved !== undefined) refuseStale(saved, topology);
    const { names, removed } = withoutRemoved(topology, request.names);
    const planned = planRemoveNodes(topology, { ...request, names, zones: new Map(request.zones) });
    const plan = this.acceptableAfter(planned, 'remove', request.names);
    const look = async (): Promise<Topology> => complete(await cluster.observe(seeds));
    return { request, plan, topology, look, ids: [...removed, ...removedBy(plan)].map(({ id }) => id) };
  }

  /** From the plan to the end, as `carryOut` for moves. */
  protected async carryOutChange(
    session: Session,
    journal: Journal,
    change: MemberChange,
    flags: MoveCommandFlags,
  ): Promise<MoveDocument> {
    const { topology, request } = change;
    const plan = await this.measured(session, topology, change.plan);
    await this.refuseStrays(session, topology, plan);
    const words = memberWords({ ...change, plan });
    this.savePlan(plan, flags, request);
    const text = renderMemberPlan(plan, topology, words.headings, session.style);
    if (text !== '') this.print(text);
    const document = { version: 1, run: null, plan, durationMs: null } as const;
    if (plan.steps.length === 0) {
      for (const line of words.nothing) this.print(line);
      this.completeEarlier(change, journal.run);
      return { ...document, outcome: 'nothing-to-do' };
    }
    if (flags['dry-run']) return { ...document, outcome: 'planned' };
    await this.consentLikeRedisCli(words.question, flags, words);
    const begun = performance.now();
    await this.steered(session, journal, plan, flags, (options) => changeMembers({ ...change, plan }, options));
    session.progress.stop();
    this.completeEarlier(change, journal.run);
    for (const line of words.done) this.print(line);
    return { version: 1, outcome: 'done', run: journal.run, plan, durationMs: performance.now() - begun };
  }

  /**
   * As `acceptable`; but where the cluster is ill because a run with the same end was stopped while it moved slots, that
   * run is to be gone on with first.
   */
  private acceptableAfter(planned: Planned, kind: MemberRequest['kind'], names: readonly string[]): Plan {
    const isIll = !planned.ok && planned.refusals.some(({ rule }) => rule === 'unhealthy');
    const run = isIll ? interruptedMove(kind, names) : null;
    if (planned.ok || run === null) return this.acceptable(planned);
    const [first] = planned.refusals;
    throw new OpsError('REFUSED', `[ERR] ${first?.message}\nRun ${run} was interrupted while it moved slots.`, {
      suggestions: [`First go on with the slots: cluster resume ${run}`, 'Then type this command again.'],
    });
  }

  /** Runs that were interrupted on the way to the same end have come to it now. */
  private completeEarlier({ request, ids }: MemberChange, run: string): void {
    for (const earlier of readRuns(journalDirectory(process.env))) {
      if (earlier.run === run || !isUnfinished(earlier) || isRunning(earlier.process)) continue;
      const membership = membershipOf(earlier.plan);
      if (membership?.kind === request.kind && membership.nodes.every(({ id }) => ids.includes(id)))
        this.continueJournal(earlier.run, earlier.process).end('done');
    }
  }
}

/** Members were looked at with the others: what one of them has open is the cluster's. */
function strangersIn(asked: Topology, members: Topology): Topology {
  return { ...asked, nodes: asked.nodes.filter(({ id }) => findNode(members, id) === undefined) };
}

/** The newest unfinished run about any of the nodes that was moving slots. */
function interruptedMove(kind: MemberRequest['kind'], names: readonly string[]): string | null {
  const isNamed = ({ id, address }: NodeRef): boolean => names.some((name) => id.startsWith(name) || address === name);
  const found = readRuns(journalDirectory(process.env)).find((run) => {
    const membership = membershipOf(run.plan);
    const isMoving = run.plan.steps.some((step, index) => step.kind === 'move-slots' && run.begun.has(index));
    return isUnfinished(run) && isMoving && membership?.kind === kind && membership.nodes.some(isNamed);
  });
  return found?.run ?? null;
}
