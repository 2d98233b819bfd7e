/** Performing a plan that either comes about or leaves nothing behind. */
import type { OpsErrorCode } from '../errors.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute } from './executor.ts';
import { withoutNotes } from './journal.ts';

export interface Way {
  readonly plan: Plan;
  readonly topology: Topology;
  /** What must hold after the last step; a failure in it counts as a failure of the plan. */
  readonly verify: () => Promise<void>;
  /** The way back for these nodes, as they are when something has failed: all that were changed and still answer. */
  readonly planUndo: (changed: Topology) => Planned;
}

/**
 * Executes the plan, its journal included. When anything fails, or the operator stops it, the way back is taken and
 * the failure is thrown with a sentence that says so: REFUSED where no node had been changed yet. When the way back
 * fails as well, PARTIAL is thrown. The way back heeds no first interruption: it is what the operator waits for.
 */
export async function executeAllOrNothing(way: Way, options: ExecutorOptions): Promise<void> {
  const changed = new Set<NodeId>();
  options.journal.begin(way.plan);
  try {
    await execute(way.plan, way.topology, options, changed);
    await way.verify();
    options.journal.end('done');
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    const touched = way.topology.nodes.filter(({ id }) => changed.has(id));
    if (touched.length > 0) await undo(way, touched, failure, options);
    options.journal.end('undone');
    const outcome =
      touched.length > 0 ? 'Everything was undone: the nodes are as empty as before.' : 'Nothing was changed.';
    throw new OpsError(codeOf(failure, touched), `${failure.message}\n${outcome}`, {
      suggestions: failure.suggestions,
      cause: failure,
    });
  }
}

/** A node that does not answer any more is a failure of the run: of the cluster, enough was known to begin. */
function codeOf(failure: OpsError, touched: readonly TopologyNode[]): OpsErrorCode {
  if (['UNREACHABLE', 'LOGIN', 'NOT_A_CLUSTER'].includes(failure.code)) return 'FAILED';
  return failure.code === 'FAILED' && touched.length === 0 ? 'REFUSED' : failure.code;
}

/** Only nodes that THIS run has changed: another operator's may be among the others. */
async function undo(
  way: Way,
  touched: readonly TopologyNode[],
  failure: OpsError,
  options: ExecutorOptions,
): Promise<void> {
  options.emit({ event: 'undo-begin', because: failure.message });
  // The way back has steps of its own numbers: the journal of the plan must not count them.
  const undisturbed = {
    ...options,
    signal: new AbortController().signal,
    journal: withoutNotes(options.journal),
  };
  try {
    const now = await options.cluster.observeEach(touched.map(({ address }) => address));
    const changed = { ...now, nodes: now.nodes.filter(isReached) };
    const planned = way.planUndo(changed);
    if (!planned.ok) throw new OpsError('REFUSED', planned.refusals.map(({ message }) => message).join('\n'));
    await execute(planned.plan, changed, undisturbed);
    refuseSilent(now);
  } catch (second) {
    options.journal.end('partial');
    const nodes = touched.map(({ address }) => formatAddress(address)).join(', ');
    const reason = second instanceof Error ? second.message : String(second);
    throw new OpsError('PARTIAL', `${failure.message}\nNot everything could be undone. ${reason}`, {
      suggestions: [`Look at ${nodes}; \`cluster create\` with the same nodes undoes the rest first.`],
      cause: failure,
    });
  }
}

/** Those that answer are as before by now; what the others still hold is not known. */
function refuseSilent({ nodes }: Topology): void {
  const reasons = nodes.flatMap(({ address, reach }) =>
    reach.ok ? [] : [`Node ${formatAddress(address)} is still as it was when it was lost: ${reach.reason}`],
  );
  if (reasons.length === 0) return;
  const others = reasons.length < nodes.length ? ['All others are as empty as before.'] : [];
  throw new OpsError('UNREACHABLE', [...reasons, ...others].join('\n'));
}
