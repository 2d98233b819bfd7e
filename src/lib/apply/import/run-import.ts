/** Carrying out a plan of `planImport`: the journal around it, and what it came to. */
import { OpsError } from '../../errors.ts';
import type { ImportReport } from '../../model/import-report.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Journal } from '../journal.ts';
import { refuseStale } from '../run-moves.ts';
import type { ImportExecution, ImportSettings, ImportSource } from './import.ts';
import { importKeys } from './import.ts';

/** True where every key is where it belongs, with the value that the source had at the end. */
export function isComplete({ conflicts, changed, unreadable, hasLostTrack }: ImportReport): boolean {
  return conflicts.count + changed.count + unreadable.count === 0 && !hasLostTrack;
}

/**
 * Throws REFUSED where the cluster is not what the plan was made from, else as `importKeys` does. An import has no way
 * back of its own and needs none to go on: it is typed again.
 */
export async function runImport(
  plan: Plan,
  execution: ImportExecution & { readonly journal: Journal },
  source: ImportSource,
  settings: ImportSettings,
): Promise<ImportReport> {
  const { journal, cluster, seeds, emit } = execution;
  refuseStale(plan, await cluster.observe(seeds));
  const steps = [...plan.steps.keys()];
  journal.begin(plan);
  journal.stepBegin(steps);
  emit({ event: 'stage-begin', kind: 'import-keys', steps: steps.length });
  try {
    const report = await importKeys(execution, source, settings);
    emit({ event: 'stage-end', kind: 'import-keys', steps: steps.length });
    if (isComplete(report)) journal.stepEnd(steps);
    journal.end(isComplete(report) ? 'done' : 'partial');
    return report;
  } catch (failure) {
    if (failure instanceof OpsError) journal.end(failure.code === 'PARTIAL' ? 'partial' : 'failed');
    throw failure;
  }
}
