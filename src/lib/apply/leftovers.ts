/** What a killed creation leaves behind: nodes that are neither empty nor a cluster, which its journal knows. */
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute } from './executor.ts';
import type { Run } from './journal.ts';
import { continueJournal } from './journal.ts';

/** The runs without an end that have begun to change any of these nodes. Whether one still runs is the caller's to ask. */
export function unfinishedRuns(runs: readonly Run[], topology: Topology): readonly Run[] {
  const ids = new Set(topology.nodes.map(({ id }) => id));
  return runs.filter(
    (run) => (run.outcome === null || run.outcome === 'partial') && touchedBy(run).some((id) => ids.has(id)),
  );
}

/** The nodes that a run has begun to change. */
export function touchedBy(run: Run): readonly NodeId[] {
  const steps = run.plan.steps.filter((_, index) => run.begun.has(index));
  return steps.flatMap((step) => (step.kind === 'join' ? step.nodes : [step.node])).map(({ id }) => id);
}

/** Performs a plan of `planReset`, then notes in the journals that nothing of their runs is left. */
export async function resetLeftovers(
  plan: Plan,
  topology: Topology,
  runs: readonly Run[],
  directory: string,
  options: ExecutorOptions,
): Promise<void> {
  await execute(plan, topology, options);
  for (const { run, process } of runs) continueJournal(directory, run, process).end('undone');
}
