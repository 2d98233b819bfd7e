/**
 * The one place that changes a cluster: it performs the steps of a plan, in order, and decides nothing.
 *
 * Neighbouring steps of one kind form a stage and are performed at the same time; a stage is begun only AFTER the
 * stage before it is finished. Each stage is in the journal BEFORE it acts and again AFTER its effect was seen.
 */
import { setMaxListeners } from 'node:events';
import { assert } from '../assert.ts';
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import type { NodeId } from '../model/node.ts';
import { slotSetOf, subtractSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan, Step, StepKind } from '../plan/plan.ts';
import { isFixStep } from '../plan/simulate-fix.ts';
import type { Cluster } from '../redis/cluster.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { addSlots, setEpoch } from './assign.ts';
import { type Clock, SYSTEM_CLOCK, throwIfInterrupted } from './clock.ts';
import { closeSlots } from './close-slots.ts';
import { type ConflictDesk, undecided } from './conflicts.ts';
import { copyFunctions } from './copy-functions.ts';
import type { Emit } from './events.ts';
import type { Execution } from './execution.ts';
import { forget } from './forget.ts';
import { gatherKeys } from './gather-keys.ts';
import { join } from './join.ts';
import type { Journal } from './journal.ts';
import { leave } from './leave.ts';
import { type IndexedMove, moveAll } from './move/all.ts';
import { MOVE_DEFAULTS, type MoveSettings } from './move/settings.ts';
import { ownSlots, releaseSlots } from './own-slots.ts';
import { replicate } from './replicate.ts';
import { reset } from './reset.ts';
import { settleKeys } from './settle-keys.ts';
import { settleNewcomers } from './settle-newcomers.ts';

const CONCURRENT_STEPS_MAX = 64;

export interface ExecutorOptions {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly emit: Emit;
  /** Fires when the operator asks to stop: the step under way is finished or given up, no further one is begun. */
  readonly signal: AbortSignal;
  readonly waitTimeoutMs: number;
  /** How slots are moved. Default: {@link MOVE_DEFAULTS}. */
  readonly move?: MoveSettings;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: nothing is decided. */
  readonly conflicts?: ConflictDesk;
}

/**
 * Throws what the first failing step throws; the journal then tells how far it came. `changed` gets the id of each node
 * that a step has changed or may have changed: all but those whose server refused.
 */
export async function execute(
  plan: Plan,
  topology: Topology,
  options: ExecutorOptions,
  changed: Set<NodeId> = new Set(),
): Promise<void> {
  const nodes = new Map<NodeId, Topology['nodes'][number]>(topology.nodes.map((node) => [node.id, node]));
  const execution: Execution = { move: MOVE_DEFAULTS, clock: SYSTEM_CLOCK, conflicts: undecided(), ...options, nodes };
  // Each wait listens to the signal, and there are as many waits as concurrent steps: that is no leak.
  setMaxListeners(2 * CONCURRENT_STEPS_MAX, options.signal);
  for (const stage of stagesOf(plan.steps)) {
    throwIfInterrupted(options.signal);
    const indexes = stage.map(({ index }) => index);
    options.journal.stepBegin(indexes);
    await performStage(execution, stage, changed);
    options.journal.stepEnd(indexes);
  }
}

export interface IndexedStep {
  readonly index: number;
  readonly step: Step;
}

/** The runs of neighbouring steps of one kind. */
function stagesOf(steps: readonly Step[]): readonly (readonly IndexedStep[])[] {
  const stages: IndexedStep[][] = [];
  for (const [index, step] of steps.entries()) {
    const last = stages.at(-1);
    if (last?.[0]?.step.kind === step.kind) last.push({ index, step });
    else stages.push([{ index, step }]);
  }
  return stages;
}

async function performStage(execution: Execution, stage: readonly IndexedStep[], changed: Set<NodeId>): Promise<void> {
  const kind = (stage[0] as IndexedStep).step.kind;
  const count = stage.length;
  let done = 0;
  execution.emit({ event: 'stage-begin', kind, steps: count });
  if (kind === 'move-slots') {
    await moveAll(execution, movesOf(stage, execution.conflicts.left));
    return execution.emit({ event: 'stage-end', kind, steps: count });
  }
  await mapBounded(stage, CONCURRENT_STEPS_MAX, async ({ step }) => {
    throwIfInterrupted(execution.signal);
    assert(step.kind !== 'move-slots', 'a stage has steps of one kind');
    assert(step.kind !== 'import-keys', 'keys are imported by import/run-import.ts, which knows the source');
    try {
      await perform(execution, step);
    } catch (failure) {
      if (mayHaveActed(step, failure)) for (const id of nodesOf(step)) changed.add(id);
      throw failure;
    }
    for (const id of nodesOf(step)) changed.add(id);
    execution.emit({ event: 'step-end', kind, done: ++done, steps: count });
  });
  execution.emit({ event: 'stage-end', kind, steps: count });
}

/** The nodes that the step changes. */
export function nodesOf(step: Step): readonly NodeId[] {
  switch (step.kind) {
    case 'move-slots':
    case 'settle-keys':
    case 'gather-keys':
      return [step.source.id, step.target.id];
    case 'join':
      return (step.newcomers ?? step.nodes).map(({ id }) => id);
    case 'forget':
      return step.by.map(({ id }) => id);
    case 'import-keys':
      return step.targets.map(({ id }) => id);
    case 'settle':
      return [];
    default:
      return [step.node.id];
  }
}

/** Without the slots that stay as they are. */
function movesOf(stage: readonly IndexedStep[], left: ReadonlySet<number>): readonly IndexedMove[] {
  return stage.flatMap(({ index, step }) => {
    if (step.kind !== 'move-slots') return [];
    const slots = left.size === 0 ? step.slots : subtractSlots(step.slots, slotSetOf(left));
    return slots.length === 0 ? [] : [{ index, move: { ...step, slots } }];
  });
}

/** Some steps are many commands, and may have acted before one of them was refused; all others are one. */
function mayHaveActed(step: Step, failure: unknown): boolean {
  return (
    MANY_COMMANDS.has(step.kind) ||
    isFixStep(step) ||
    !(failure instanceof OpsError && failure.cause instanceof ReplyError)
  );
}

const MANY_COMMANDS: ReadonlySet<StepKind> = new Set(['join', 'forget', 'leave']);

/** Moves are not among them: they take turns by rules of their own (`move/all.ts`). Nor are imports, which have two clusters. */
type Performers = {
  readonly [Kind in Exclude<StepKind, 'move-slots' | 'import-keys'>]: (
    execution: Execution,
    step: Extract<Step, { kind: Kind }>,
  ) => Promise<void>;
};

const PERFORMERS: Performers = {
  reset,
  'set-epoch': setEpoch,
  'add-slots': addSlots,
  join,
  replicate,
  'copy-functions': copyFunctions,
  settle: settleNewcomers,
  forget,
  leave,
  'release-slots': releaseSlots,
  'own-slots': ownSlots,
  'settle-keys': settleKeys,
  'gather-keys': gatherKeys,
  'close-slots': closeSlots,
};

function perform(execution: Execution, step: Exclude<Step, { kind: 'move-slots' | 'import-keys' }>): Promise<void> {
  // The table has, for each kind, the function for that kind; TypeScript cannot carry the kind from key to argument.
  return (PERFORMERS[step.kind] as (execution: Execution, step: Step) => Promise<void>)(execution, step);
}
