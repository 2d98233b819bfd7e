/** Performing a plan that either comes about or leaves nothing behind. */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute } from './executor.ts';

export interface Way {
  readonly plan: Plan;
  readonly topology: Topology;
  /** What must hold after the last step; a failure in it counts as a failure of the plan. */
  readonly verify: () => Promise<void>;
  /** The way back, from the nodes as they are when something has failed. */
  readonly planUndo: (now: Topology) => Planned;
}

/**
 * Executes the plan, its journal included. When anything fails, or the operator stops it, the way back is taken and
 * the failure is thrown with a sentence that says so; when the way back fails as well, PARTIAL is thrown. The way
 * back heeds no first interruption: it is what the operator waits for.
 */
export async function executeAllOrNothing(way: Way, options: ExecutorOptions): Promise<void> {
  options.journal.begin(way.plan);
  try {
    await execute(way.plan, way.topology, options);
    await way.verify();
    options.journal.end('done');
  } catch (failure) {
    if (!(failure instanceof OpsError)) throw failure;
    await undo(way, failure, options);
    options.journal.end('undone');
    throw new OpsError(failure.code, `${failure.message}\nEverything was undone: the nodes are as empty as before.`, {
      suggestions: failure.suggestions,
      cause: failure,
    });
  }
}

async function undo(way: Way, failure: OpsError, options: ExecutorOptions): Promise<void> {
  options.emit({ event: 'undo-begin', because: failure.message });
  const undisturbed = {
    ...options,
    signal: new AbortController().signal,
    journal: { ...options.journal, stepBegin: ignore, stepEnd: ignore },
  };
  try {
    const now = await options.cluster.observeEach(way.topology.nodes.map(({ address }) => address));
    const planned = way.planUndo(now);
    if (!planned.ok) throw new OpsError('REFUSED', planned.refusals.map(({ message }) => message).join('\n'));
    await execute(planned.plan, now, undisturbed);
  } catch (second) {
    options.journal.end('partial');
    const nodes = way.topology.nodes.map(({ address }) => formatAddress(address)).join(', ');
    throw new OpsError(
      'PARTIAL',
      `${failure.message}\nIt could not be undone: ${second instanceof Error ? second.message : String(second)}`,
      {
        suggestions: [`Look at ${nodes}; type the same command again to undo the rest first.`],
        cause: failure,
      },
    );
  }
}

/** The way back has steps of its own numbers: the journal of the plan must not count them. */
function ignore(): void {}
