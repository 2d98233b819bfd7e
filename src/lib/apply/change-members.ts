/**
 * Applying a plan that adds or removes nodes. There is no way back by itself: half-way, nothing is lost and nobody is
 * worse off, and the same command does the rest.
 */
import { countInWords } from '../check/words.ts';
import { OpsError, type OpsErrorCode } from '../errors.ts';
import type { Address } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, isReached, reachedNodes } from '../model/topology.ts';
import { emptiedBy } from '../plan/emptied.ts';
import { commandAgain, membershipOf } from '../plan/membership.ts';
import type { NodeRef, Plan } from '../plan/plan.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute } from './executor.ts';
import type { Journal } from './journal.ts';
import { keepPrimaries } from './keep-primaries.ts';
import { refuseStale, verifyMoves } from './run-moves.ts';
import { seedsAmong } from './seeds.ts';

export interface Change {
  readonly plan: Plan;
  /** What the plan was made from. */
  readonly topology: Topology;
  /** Looks at all of it again. */
  readonly look: () => Promise<Topology>;
}

/**
 * Returns the cluster as it is then. Throws REFUSED where the nodes are not what the plan was made from; otherwise what
 * stopped it, with what has become of each node and what to type.
 */
export async function changeMembers({ plan, topology, look }: Change, options: ExecutorOptions): Promise<Topology> {
  refuseStale(plan, await look());
  const seeds = stayers(plan, topology);
  const progress = watched(options.journal);
  options.journal.begin(plan);
  try {
    const work = (): Promise<void> =>
      execute(plan, topology, { ...options, journal: progress.journal }, progress.changed);
    const drained = emptiedBy(plan, topology).map(({ node }) => node);
    await keepPrimaries(drained, topology, options, work);
    const after = hasMoves(plan)
      ? await verifyMoves(plan, topology, seeds, options)
      : await options.cluster.observe(seeds);
    options.journal.end('done');
    return after;
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    throw await explain(plan, seeds, options, progress, failure);
  }
}

function hasMoves({ steps }: Plan): boolean {
  return steps.some(({ kind }) => kind === 'move-slots');
}

/** Members before and after: a node that leaves would answer for a cluster of its own. */
function stayers(plan: Plan, topology: Topology): readonly Address[] {
  const movers = new Set(
    plan.steps.flatMap((step): readonly NodeId[] => {
      if (step.kind === 'leave') return [step.node.id];
      return step.kind === 'settle' ? step.newcomers.map(({ node }) => node.id) : [];
    }),
  );
  return seedsAmong(topology.nodes.filter(({ id }) => !movers.has(id)));
}

interface Progress {
  readonly journal: Journal;
  /** Nodes that were changed, or may have been. */
  readonly changed: Set<NodeId>;
  /** Indexes of the plan's steps. */
  readonly begun: Set<number>;
  readonly ended: Set<number>;
}

function watched(journal: Journal): Progress {
  const begun = new Set<number>();
  const ended = new Set<number>();
  const noting = {
    ...journal,
    stepBegin: (steps: readonly number[]): void => {
      journal.stepBegin(steps);
      for (const step of steps) begun.add(step);
    },
    stepEnd: (steps: readonly number[]): void => {
      journal.stepEnd(steps);
      for (const step of steps) ended.add(step);
    },
  };
  return { journal: noting, changed: new Set(), begun, ended };
}

async function explain(
  plan: Plan,
  seeds: readonly Address[],
  options: ExecutorOptions,
  { changed, begun, ended }: Progress,
  failure: OpsError,
): Promise<OpsError> {
  const isMoving = plan.steps.some(({ kind }, index) => kind === 'move-slots' && begun.has(index) && !ended.has(index));
  const isUntouched = changed.size === 0 && !isMoving;
  options.journal.end(isUntouched ? 'failed' : 'partial');
  const again = commandAgain(plan);
  const ways = [
    ...(isMoving ? [`First go on with the slots: cluster resume ${options.journal.run}`] : []),
    ...(again === null ? [] : [`${isMoving ? 'Then' : 'To go on'} type the command again: ${again}`]),
  ];
  const now = await options.cluster.observe(seeds).catch(() => null);
  const state = now === null ? ['The cluster cannot be seen any more.'] : describe(plan, now);
  const done = isUntouched
    ? 'Nothing was changed.'
    : `${ended.size} of ${countInWords(plan.steps.length, 'step')} are done.`;
  return new OpsError(codeOf(failure, isUntouched), [failure.message, done, ...state].join('\n'), {
    suggestions: [...failure.suggestions.filter((text) => !text.includes('cluster resume')), ...ways],
    cause: failure,
  });
}

function codeOf({ code }: OpsError, isUntouched: boolean): OpsErrorCode {
  if (code === 'INTERRUPTED') return code;
  if (!isUntouched) return 'PARTIAL';
  return code === 'UNREACHABLE' || code === 'LOGIN' ? 'FAILED' : code;
}

/** A sentence for each node that the plan is about. */
function describe(plan: Plan, now: Topology): readonly string[] {
  const membership = membershipOf(plan);
  return membership === null ? [] : membership.nodes.map((node) => standingOf(now, node));
}

function standingOf(now: Topology, { id, address }: NodeRef): string {
  const views = reachedNodes(now).filter((node) => node.id !== id);
  const mindful = views.filter(({ reach }) =>
    reach.view.entries.some((entry) => entry.id === id && !hasFlag(entry, 'handshake')),
  );
  if (mindful.length === 0) return `${address} is not a member of the cluster.`;
  const node = findNode(now, id);
  const known = `${address} is known to ${mindful.length} of ${countInWords(views.length, 'other node')}`;
  if (node === undefined || !isReached(node)) return `${known}.`;
  const { entry } = node;
  const primary = entry.primaryId === null ? undefined : findNode(now, entry.primaryId);
  const role =
    roleOf(entry) === 'replica'
      ? `a replica of ${primary === undefined ? entry.primaryId : `${primary.address.host}:${primary.address.port}`}`
      : `a primary with ${countInWords(countSlots(entry.slots), 'slot')}`;
  return `${known}, and is ${role}.`;
}
