/** Finding the run that an operator means. */
import type { Run } from '../apply/journal.ts';
import { readRuns } from '../apply/journal.ts';
import { OpsError } from '../errors.ts';
import { isRunning } from '../local/process-identity.ts';
import type { MoveIntent } from '../plan/fix-diagnosis.ts';
import type { NodeRef, Plan, Step } from '../plan/plan.ts';
import { type Purpose, purposeOf } from '../plan/purpose.ts';
import { membersIn } from '../plan/resume.ts';

/**
 * The run of that name or beginning of a name; without one the newest that `isMeant` and is not still at work, or null.
 * Throws USAGE where there is no run of that name, or it is neither gone on with nor taken back by name, REFUSED where it is still at work.
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
  refuseByName(found);
  if (isAtWork(found)) {
    throw new OpsError('REFUSED', `Run ${found.run} is still at work: process ${found.process.pid}.`, {
      suggestions: ['Wait until it has ended, or stop it with Ctrl-C.'],
    });
  }
  return found;
}

/** Some are gone on with by their own command, which looks at what is there. */
const TYPED_AGAIN: Readonly<Partial<Record<Purpose, { readonly what: string; readonly how: string }>>> = {
  fix: { what: 'a fix', how: 'Type `cluster fix HOST:PORT` again: it goes on from what is there.' },
  import: {
    what: 'an import',
    how: 'Type it again: what is in the cluster already counts as done. There is no way back: keys may have changed since.',
  },
};

function refuseByName({ run, plan }: Run): void {
  const again = TYPED_AGAIN[purposeOf(plan)];
  if (again === undefined) return;
  throw new OpsError('USAGE', `Run ${run} was ${again.what}, which is neither gone on with nor taken back by name.`, {
    suggestions: [again.how],
  });
}

function isAtWork(run: Run): boolean {
  return run.outcome === null && isRunning(run.process);
}

/** Stopped part-way, or killed, while it moved slots or changed members. What else there is, is gone on with by typing it again. */
export function isUnfinished(run: Run): boolean {
  return isInterrupted(run) && ['move', 'membership'].includes(purposeOf(run.plan));
}

/** Where interrupted runs of this machine were bringing slots; the newest first. Runs that are still at work say nothing. */
export function intentsOf(directory: string): readonly MoveIntent[] {
  return readRuns(directory)
    .filter((run) => isInterrupted(run) && !isAtWork(run))
    .flatMap(({ run, plan }) =>
      plan.steps.flatMap((step) =>
        step.kind === 'move-slots' || step.kind === 'gather-keys'
          ? [{ run, slots: step.slots, targets: membersIn(plan.basis, step.target.id) }]
          : [],
      ),
    );
}

function isInterrupted({ outcome }: Run): boolean {
  return outcome === null || outcome === 'partial';
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
    case 'settle-keys':
    case 'gather-keys':
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
