/** What a killed creation leaves behind: nodes that are neither empty nor a cluster, which its journal knows. */
import { OpsError } from '../errors.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute, nodesOf } from './executor.ts';
import type { Run } from './journal.ts';
import { continueJournal, withoutNotes } from './journal.ts';

export interface Leftovers {
  /** Newest first. Whether one still runs is the caller's to ask. */
  readonly runs: readonly Run[];
  readonly nodes: readonly TopologyNode[];
}

/**
 * The runs without an end that have begun to change any of these nodes, and which nodes these are. A node that another
 * run has finished with belongs to a cluster and is no leftover: two operators may have wanted the same nodes.
 */
export function findLeftovers(runs: readonly Run[], topology: Topology): Leftovers {
  const finished = new Set(runs.filter(({ outcome }) => outcome === 'done').flatMap(touchedBy));
  const unfinished = runs.filter(
    ({ outcome, plan }) => (outcome === null || outcome === 'partial') && isCreation(plan),
  );
  const touched = new Set(unfinished.flatMap(touchedBy).filter((id) => !finished.has(id)));
  const nodes = topology.nodes.filter(({ id }) => touched.has(id));
  const ids = new Set(nodes.map(({ id }) => id));
  return { runs: unfinished.filter((run) => touchedBy(run).some((id) => ids.has(id))), nodes };
}

/** Of all plans only a creation may be cleared away: nodes that move slots are of a living cluster, keys or not. */
function isCreation(plan: Plan): boolean {
  const kinds = new Set(plan.steps.map(({ kind }) => kind));
  return kinds.has('set-epoch') || kinds.has('add-slots');
}

/** The nodes that a run has begun to change. */
function touchedBy(run: Run): readonly NodeId[] {
  return run.plan.steps.filter((_, index) => run.begun.has(index)).flatMap(nodesOf);
}

/**
 * Performs a plan of `planReset`, then notes in the journals that nothing of their runs is left. Until then they stay
 * unfinished: the same command clears away the rest, which PARTIAL says where it fails. Throws INTERRUPTED as well.
 */
export async function resetLeftovers(
  plan: Plan,
  topology: Topology,
  runs: readonly Run[],
  directory: string,
  options: ExecutorOptions,
): Promise<void> {
  try {
    await execute(plan, topology, { ...options, journal: withoutNotes(options.journal) });
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code === 'INTERRUPTED') throw cause;
    throw new OpsError('PARTIAL', `What an earlier creation left could not be cleared away. ${cause.message}`, {
      suggestions: ['Type the same command again to clear away the rest.'],
      cause,
    });
  }
  const warn = (message: string): void => options.emit({ event: 'notice', message });
  for (const { run, process } of runs) continueJournal(directory, run, process, warn).end('undone');
}
