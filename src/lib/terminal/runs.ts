/** Finding the run that an operator means. */
import type { Run } from '../apply/journal.ts';
import { readRuns } from '../apply/journal.ts';
import { OpsError } from '../errors.ts';
import { isRunning } from '../local/process-identity.ts';
import { membershipOf } from '../plan/membership.ts';
import type { NodeRef, Plan, Step } from '../plan/plan.ts';

/**
 * The run of that name or beginning of a name; without one the newest that `isMeant` and is not still at work, or null.
 * Throws USAGE where there is no run of that name, REFUSED where it is still at work.
 */
export function findRun(directory: string, name: string | undefined, isMeant: (run: Run) => boolean): Run | null {
  const runs = readRuns(directory);
  if (name === undefined) return runs.find((run) => isMeant(run) && !isAtWork(run)) ?? null;
  const found = runs.find(({ run }) => run.startsWith(name));
  if (found === undefined) {
    throw new OpsError('USAGE', `There is no run ${name} in the journal of this machine.`, {
      suggestions: ['See `cluster history`.'],
    });
  }
  if (found.plan.steps.some(({ kind }) => kind === 'import-keys')) {
    throw new OpsError('USAGE', `Run ${found.run} is an import: it is gone on with by typing it again.`, {
      suggestions: [
        'What is in the cluster already counts as done. There is no way back: keys may have changed since.',
      ],
    });
  }
  if (isAtWork(found)) {
    throw new OpsError('REFUSED', `Run ${found.run} is still at work: process ${found.process.pid}.`, {
      suggestions: ['Wait until it has ended, or stop it with Ctrl-C.'],
    });
  }
  return found;
}

function isAtWork(run: Run): boolean {
  return run.outcome === null && isRunning(run.process);
}

/** Stopped part-way, or killed, while it moved slots or changed members. A creation is gone on with by typing it again. */
export function isUnfinished({ outcome, plan }: Run): boolean {
  const isResumable = plan.steps.some(({ kind }) => kind === 'move-slots') || membershipOf(plan) !== null;
  return (outcome === null || outcome === 'partial') && isResumable;
}

/** The run's name and the addresses among the words: a run is `20261123-011500-4e1f`, or a beginning of it. */
export function splitRunAndSeeds(words: readonly string[]): {
  readonly name: string | undefined;
  readonly seeds: readonly string[];
} {
  const [first, ...rest] = words;
  return first !== undefined && /^\d{8}(-[\da-f-]*)?$/.test(first)
    ? { name: first, seeds: rest }
    : { name: undefined, seeds: words };
}

/** Every node that the plan names. */
export function addressesOf(plan: Plan): readonly string[] {
  return [...new Set(plan.steps.flatMap(refsOf).map(({ address }) => address))];
}

function refsOf(step: Step): readonly NodeRef[] {
  switch (step.kind) {
    case 'join':
      return step.nodes;
    case 'move-slots':
      return [step.source, step.target];
    case 'import-keys':
      return step.targets;
    case 'settle':
      return step.members;
    case 'forget':
      return step.by;
    default:
      return [step.node];
  }
}
