/**
 * What a step makes of a topology: the executor's twin without I/O. Gossip is taken to be settled, so after each step
 * all nodes that know each other agree.
 */
import { assert } from '../assert.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { intersectSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan, Step } from './plan.ts';
import { simulateFix } from './simulate-fix.ts';
import { forget, join, leave, reset, settle } from './simulate-members.ts';
import { movedEntries } from './simulate-moves.ts';
import { knownTo, nodeNamed, withOwnEntries } from './simulated-views.ts';

/** The topology after the step. The step's precondition must hold: planning a step that cannot work is a bug. */
export function simulate(topology: Topology, step: Step): Topology {
  return perform(topology, [step]);
}

/** The topologies after each step of the plan, in order; none for a plan without steps. */
export function simulatePlan(topology: Topology, plan: Plan): readonly Topology[] {
  const states: Topology[] = [];
  for (const step of plan.steps) states.push(simulate(states.at(-1) ?? topology, step));
  return states;
}

/**
 * The topology after the whole plan: the last of {@link simulatePlan}. Of many nodes it takes a fraction of the time, because
 * steps of one kind that follow each other change all views at once.
 */
export function simulateEnd(topology: Topology, plan: Plan): Topology {
  const runs: Step[][] = [];
  for (const step of plan.steps) {
    const run = runs.at(-1);
    if (run?.[0]?.kind === step.kind) run.push(step);
    else runs.push([step]);
  }
  return runs.reduce(perform, topology);
}

/** Steps of one kind, which do not depend on each other. */
function perform(topology: Topology, steps: readonly Step[]): Topology {
  let now = topology;
  /** What nodes say of themselves differently since; the views of the others are changed once, at the end. */
  const edited = new Map<NodeId, NodeEntry>();
  for (const step of steps) {
    switch (step.kind) {
      case 'set-epoch':
      case 'add-slots':
      case 'replicate':
        edited.set(step.node.id, editedEntry(now, edited, step));
        break;
      case 'move-slots':
        for (const entry of movedEntries(now, edited, step)) edited.set(entry.id, entry);
        break;
      case 'join':
        now = join(now, step.nodes);
        break;
      case 'settle':
        now = settle(now, step);
        break;
      case 'forget':
        now = forget(now, step);
        break;
      case 'leave':
        now = leave(now, step.node);
        break;
      case 'reset':
        now = reset(now, step.node);
        break;
      case 'copy-functions':
      case 'import-keys':
        break; // Functions and keys are no part of a topology.
      default:
        now = simulateFix(now, step);
    }
  }
  return edited.size === 0 ? now : withOwnEntries(now, edited);
}

/** What the node says of itself after the step; `edited` has what others say of themselves meanwhile. */
function editedEntry(
  topology: Topology,
  edited: ReadonlyMap<NodeId, NodeEntry>,
  step: Extract<Step, { readonly kind: 'set-epoch' | 'add-slots' | 'replicate' }>,
): NodeEntry {
  const { id, address } = step.node;
  const entry = edited.get(id) ?? nodeNamed(topology, step.node).entry;
  const known = knownTo(topology, step.node).map((other) => edited.get(other.id) ?? other);
  switch (step.kind) {
    case 'set-epoch':
      assert(entry.configEpoch === 0, `${address} takes a config epoch while it has none`);
      assert(known.length === 1, `${address} takes a config epoch before it knows another node`);
      return { ...entry, configEpoch: step.epoch };
    case 'add-slots': {
      const isFree = known.every(({ slots }) => intersectSlots(slots, step.slots).length === 0);
      assert(isFree, `the slots added to ${address} are free`);
      return { ...entry, slots: unionSlots(entry.slots, step.slots) };
    }
    case 'replicate': {
      const primary = known.find((other) => other.id === step.primary.id);
      assert(primary !== undefined, `${address} knows ${step.primary.address} before it becomes its replica`);
      assert(entry.slots.length === 0, `${address} owns no slots when it becomes a replica`);
      const flags = entry.flags.map((flag) => (flag === 'master' ? 'slave' : flag));
      return { ...entry, flags, primaryId: primary.id, configEpoch: primary.configEpoch };
    }
  }
}
