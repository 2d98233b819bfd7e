/**
 * Applying a plan that makes slots whole. Success is what was seen: every node agrees, every slot has an owner, and none is
 * open but those that were left to the operator. Whatever stops it, the same command goes on from what is there.
 */
import type { Finding } from '../check/finding.ts';
import { checkTopology } from '../check/rules.ts';
import { OpsError, type OpsErrorCode } from '../errors.ts';
import { type Address, formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { slotSetOf, subtractSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { emptiedBy } from '../plan/emptied.ts';
import type { Plan } from '../plan/plan.ts';
import { SYSTEM_CLOCK, waitUntilNothingIsMissing } from './clock.ts';
import type { ConflictDesk } from './conflicts.ts';
import { type ExecutorOptions, execute } from './executor.ts';
import { keepPrimaries } from './keep-primaries.ts';
import { unlessUnseen } from './observe-steady.ts';
import { refuseStale } from './run-moves.ts';
import { seedsAmong } from './seeds.ts';

const POLL_MS = 100;
/**
 * A primary that saw slots without an owner serves again 5 s at most after all have one (`clusterUpdateState`). Where it
 * does not, something else is wrong, which the check that follows will name.
 */
const SERVING_TIMEOUT_MS = 10_000;
const NEEDED: readonly string[] = ['agreement', 'open-slots', 'coverage'];

/** The cluster afterwards. Throws REFUSED where the plan is stale, else what stopped it: PARTIAL once anything was done. */
export async function runFix(
  plan: Plan,
  topology: Topology,
  options: ExecutorOptions & { readonly conflicts: ConflictDesk },
): Promise<Topology> {
  const seeds = seedsAmong(topology.nodes);
  // The SAME node as before: what one believes of a node that does not answer, another may not.
  refuseStale(plan, await options.cluster.observe([topology.seed]));
  options.journal.begin(plan);
  const changed = new Set<NodeId>();
  let hasBegun = false;
  try {
    const after = await keepPrimaries(
      givingPrimaries(plan, topology),
      topology,
      { ...options, must: true },
      async () => {
        hasBegun = true;
        await execute(plan, topology, options, changed);
        return untilWhole(topology, seeds, options);
      },
    );
    options.journal.end(options.conflicts.left.size === 0 ? 'done' : 'partial');
    return after;
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    // A move reports to the journal only; where there is one, something may have been done.
    const isPartial = changed.size > 0 || (hasBegun && plan.steps.some(({ kind }) => kind === 'move-slots'));
    options.journal.end(isPartial ? 'partial' : 'failed');
    throw explained(failure, isPartial, formatAddress(topology.seed));
  }
}

/** Those that lose their last slot BEFORE their keys of other slots are gathered: a replica would have dropped them. */
function givingPrimaries(plan: Plan, topology: Topology): readonly TopologyNode[] {
  const givers = new Set(plan.steps.flatMap((step) => (step.kind === 'gather-keys' ? [step.source.id] : [])));
  return emptiedBy(plan, topology).flatMap(({ node }) => (givers.has(node.id) ? [node] : []));
}

async function untilWhole(
  before: Topology,
  seeds: readonly Address[],
  options: ExecutorOptions & { readonly conflicts: ConflictDesk },
): Promise<Topology> {
  const what = 'every slot to be whole';
  let now = before;
  const left = slotSetOf(options.conflicts.left);
  const isLeft = ({ slots = [] }: Finding): boolean => slots.length > 0 && subtractSlots(slots, left).length === 0;
  const clock = options.clock ?? SYSTEM_CLOCK;
  let wholeSinceMs: number | null = null;
  await waitUntilNothingIsMissing(
    {
      what,
      timeoutMs: options.waitTimeoutMs,
      pollMs: POLL_MS,
      signal: options.signal,
      graceMs: SERVING_TIMEOUT_MS,
      clock,
    },
    unlessUnseen(async () => {
      now = await options.cluster.observe(seeds);
      const errors = checkTopology(now).filter((finding) => finding.severity === 'error' && !isLeft(finding));
      const needed = errors.filter(({ rule }) => NEEDED.includes(rule));
      wholeSinceMs = needed.length > 0 ? null : (wholeSinceMs ?? clock.now());
      const isGivenUp = wholeSinceMs !== null && clock.now() - wholeSinceMs > SERVING_TIMEOUT_MS;
      const waited = isGivenUp
        ? needed
        : errors.filter(({ rule }) => rule === 'cluster-state' || NEEDED.includes(rule));
      return waited.map(({ message }) => message);
    }),
    (missing) => options.emit({ event: 'wait', what, missing }),
  );
  options.emit({ event: 'wait-end', what });
  return now;
}

function explained(failure: OpsError, isPartial: boolean, seed: string): OpsError {
  const code: OpsErrorCode =
    failure.code === 'INTERRUPTED'
      ? 'INTERRUPTED'
      : isPartial
        ? 'PARTIAL'
        : failure.code === 'UNREACHABLE'
          ? 'FAILED'
          : failure.code;
  // Not `apply`: its plan was made from what was there before.
  const again = `Type the fix again, it goes on from what is there: cluster fix ${seed}`;
  return new OpsError(code, `${failure.message}${isPartial ? '\nWhat was done until then stays done.' : ''}`, {
    suggestions: [...failure.suggestions.filter((text) => !text.includes('cluster resume')), again],
    cause: failure,
  });
}
