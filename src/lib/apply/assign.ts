/** Steps that concern one node and one command: config epochs and slots. */

import { addsSlotsByRange } from '../model/flavor.ts';
import { isReached } from '../model/topology.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

/** The server refuses it once the node knows another or has an epoch, which is the precondition. */
export async function setEpoch(execution: Execution, step: Extract<Step, { kind: 'set-epoch' }>): Promise<void> {
  await execution.cluster.call(nodeOf(execution, step.node).address, argv.clusterSetConfigEpoch(step.epoch));
}

/** All of the slots or none: the server refuses the whole command when one of them has an owner. */
export async function addSlots(execution: Execution, step: Extract<Step, { kind: 'add-slots' }>): Promise<void> {
  const node = nodeOf(execution, step.node);
  const byRange = isReached(node) && addsSlotsByRange(node.reach.view.flavor);
  await execution.cluster.call(
    node.address,
    byRange ? argv.clusterAddSlotsRange(step.slots) : argv.clusterAddSlots(step.slots),
  );
}
