/**
 * Applying a plan that moves slots: to the end, or to a state that is known and can be gone on from.
 *
 * Success is what was seen: every slot is where the plan said, none is open, and all views agree.
 */

import { checkTopology } from '../check/rules.ts';
import { listInWords } from '../check/words.ts';
import { OpsError, type OpsErrorCode } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, isReached, primariesOf } from '../model/topology.ts';
import { basisDifference, basisOf } from '../plan/basis.ts';
import { emptiedBy } from '../plan/emptied.ts';
import type { MoveSlots, NodeRef, Plan } from '../plan/plan.ts';
import { type RemainingMove, remainingOf, shardMembers } from '../plan/remaining.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute } from './executor.ts';
import type { Journal } from './journal.ts';
import { keepPrimaries } from './keep-primaries.ts';
import { unlessUnseen } from './observe-steady.ts';
import { seedsAmong } from './seeds.ts';

const POLL_MS = 100;
/** After Ctrl-C, when everything is done and the news of it is still under way. */
const AGREEMENT_GRACE_MS = 5000;

/**
 * Throws REFUSED where the cluster is not what the plan was made from; otherwise what stopped it, with a sentence on
 * the state that the cluster is in and what to type. The code is PARTIAL once anything has been moved.
 */
export async function runMoves(plan: Plan, topology: Topology, given: ExecutorOptions): Promise<Topology> {
  const opening = watchOpening(given.journal);
  const options = { ...given, journal: opening.journal };
  const seeds = seedsAmong(topology.nodes);
  refuseStale(plan, await options.cluster.observe(seeds));
  options.journal.begin(plan);
  try {
    const work = async (): Promise<Topology> => {
      await execute(plan, topology, options);
      return verifyMoves(plan, topology, seeds, options);
    };
    const kept = options.move?.keepPrimary ? emptiedBy(plan, topology).map(({ node }) => node) : [];
    const after = await keepPrimaries(kept, topology, options, work);
    options.journal.end('done');
    return after;
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    throw await explain(plan, topology, seeds, options, { failure, hasOpened: opening.hasBegun() });
  }
}

/** Throws REFUSED with the difference. */
export function refuseStale(plan: Plan, now: Topology): void {
  const basis = basisOf(now);
  if (basis === plan.basis) return;
  const difference = basisDifference(plan.basis, basis);
  throw new OpsError('REFUSED', ['The cluster has changed since the plan was made:', ...difference].join('\n  '), {
    suggestions: ['Plan again from what is there now.'],
  });
}

/** Returns the cluster once every slot is where the plan said, none is open, and all views agree. Throws TIMEOUT. */
export async function verifyMoves(
  plan: Plan,
  before: Topology,
  seeds: readonly Address[],
  options: ExecutorOptions,
): Promise<Topology> {
  const what = 'every node to agree about the moved slots';
  let now = before;
  await waitUntilNothingIsMissing(
    {
      what,
      timeoutMs: options.waitTimeoutMs,
      pollMs: POLL_MS,
      signal: options.signal,
      graceMs: AGREEMENT_GRACE_MS,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    },
    unlessUnseen(async () => {
      now = await options.cluster.observe(seeds);
      const errors = checkTopology(now).filter(({ rule }) => ['agreement', 'open-slots', 'coverage'].includes(rule));
      const unmoved = movesOf(plan).filter((move) => stateOf(move, before, now).state !== 'done');
      return [
        ...errors.filter(({ severity }) => severity === 'error').map(({ message }) => message),
        ...unmoved.map((move) => `slots are missing at ${move.target.address}`),
      ];
    }),
    (missing) => options.emit({ event: 'wait', what, missing }),
  );
  options.emit({ event: 'wait-end', what });
  return now;
}

function movesOf(plan: Plan): readonly MoveSlots[] {
  return plan.steps.filter((step) => step.kind === 'move-slots');
}

function stateOf(move: MoveSlots, before: Topology, now: Topology): RemainingMove {
  return remainingOf(move, now, shardMembers(before, move.source.id), shardMembers(before, move.target.id));
}

interface Stopped {
  readonly failure: OpsError;
  /** Was any slot opened, or may it have been? */
  readonly hasOpened: boolean;
}

function watchOpening(journal: Journal): { readonly journal: Journal; readonly hasBegun: () => boolean } {
  let hasBegun = false;
  const slots: Journal['slots'] = (step, state, some) => {
    hasBegun = true;
    journal.slots(step, state, some);
  };
  return { journal: { ...journal, slots }, hasBegun: () => hasBegun };
}

/** The failure with what the cluster looks like now. What cannot be seen is said to be unseen. */
async function explain(
  plan: Plan,
  before: Topology,
  seeds: readonly Address[],
  options: ExecutorOptions,
  { failure, hasOpened }: Stopped,
): Promise<OpsError> {
  const { run } = options.journal;
  const now = await options.cluster.observe(seeds).catch(() => null);
  if (now === null) {
    options.journal.end('partial');
    return new OpsError(
      codeOf(failure, true),
      `${failure.message}\nThe cluster cannot be seen any more, so its state is not known.`,
      {
        suggestions: [...failure.suggestions, `When it answers again: cluster resume ${run}, or cluster undo ${run}.`],
        cause: failure,
      },
    );
  }
  const total = movesOf(plan).reduce((sum, { slots }) => sum + countSlots(slots), 0);
  const left = movesOf(plan).reduce((sum, move) => sum + leftOf(move, before, now), 0);
  const open = openSlots(now);
  // A server that was stopped carries out what it was sent when it goes on: also that slots are to be opened.
  const unseen = hasOpened ? silentParties(plan, now) : [];
  const isUntouched = left === total && open.length === 0 && unseen.length === 0;
  options.journal.end(isUntouched ? 'failed' : 'partial');
  const seen = open.length === 0 ? 'no slot is open' : `open slots: ${listInWords(open.map(String))}`;
  const slots = `${total - left} of ${total} slots are moved; ${seen}${unseen.length === 0 ? '' : ', but what is open at a node that does not answer is not known'}.`;
  const way = isUntouched ? [] : [`Go on with: cluster resume ${run}`, `Go back with: cluster undo ${run}`];
  return new OpsError(
    codeOf(failure, !isUntouched),
    `${failure.message}\n${isUntouched ? 'Nothing was moved.' : slots}`,
    {
      suggestions: [...failure.suggestions.filter((text) => !text.includes('cluster resume')), ...way],
      cause: failure,
    },
  );
}

/** Sources and targets that do not answer. */
function silentParties(plan: Plan, now: Topology): readonly NodeRef[] {
  return movesOf(plan)
    .flatMap(({ source, target }) => [source, target])
    .filter(({ id }) => findNode(now, id)?.reach.ok !== true);
}

function codeOf(failure: OpsError, isPartial: boolean): OpsErrorCode {
  if (failure.code === 'INTERRUPTED') return 'INTERRUPTED';
  return isPartial ? 'PARTIAL' : failure.code === 'UNREACHABLE' || failure.code === 'LOGIN' ? 'FAILED' : failure.code;
}

function leftOf(move: MoveSlots, before: Topology, now: Topology): number {
  const rest = stateOf(move, before, now);
  if (rest.state === 'moving') return rest.remaining.slots.length;
  return rest.state === 'stuck' ? countSlots(move.slots) : 0;
}

function openSlots(now: Topology): readonly number[] {
  const open = primariesOf(now)
    .filter(isReached)
    .flatMap(({ entry }) => [...entry.migrating, ...entry.importing].map(({ slot }) => slot));
  return [...new Set(open)].sort((a, b) => a - b);
}
