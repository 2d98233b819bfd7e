/** Steps that concern one node and one command: config epochs and slots. */
import { OpsError } from '../errors.ts';
import { addsSlotsByRange } from '../model/flavor.ts';
import { isReached } from '../model/topology.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

/**
 * The server refuses it once the node knows another or has an epoch, so of two operators who want the same empty node
 * only one gets it: this step is how a run takes possession of a node.
 */
export async function setEpoch(execution: Execution, step: Extract<Step, { kind: 'set-epoch' }>): Promise<void> {
  try {
    await execution.cluster.call(nodeOf(execution, step.node).address, argv.clusterSetConfigEpoch(step.epoch));
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'FAILED') throw cause;
    throw new OpsError('FAILED', cause.message, {
      suggestions: [`Somebody else may be using ${step.node.address} at this moment: look at its CLUSTER NODES.`],
      cause: cause.cause,
    });
  }
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
