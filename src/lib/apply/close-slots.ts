/**
 * Taking the marks off slots. NODE alone does not do it: it clears `importing` only at the node that gets the slot, and
 * `migrating` only where no key is left (Redis 7.0.15). So STABLE is sent too, to the owner FIRST, that it sends no client
 * away any more. A replica is told nothing: it has its marks from its primary (Valkey 8), which is told.
 */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import { eachSlot, hasSlot } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf, replicasOf } from '../model/topology.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { type Execution, nodeOf } from './execution.ts';
import { databasesOf } from './move/server-settings.ts';
import { BYSTANDERS_MAY, setSlots } from './slot-commands.ts';

const CONCURRENT_NODES_MAX = 32;

/** Slots that were left to the operator stay open. Throws FAILED where a node that does not own a slot has keys of it. */
export async function closeSlots(execution: Execution, step: Extract<Step, { kind: 'close-slots' }>): Promise<void> {
  const { cluster, conflicts } = execution;
  const owner = nodeOf(execution, step.node);
  const slots = [...eachSlot(step.slots)].filter((slot) => !conflicts.left.has(slot));
  if (slots.length === 0) return;
  const topology = await cluster.observe([owner.address]);
  const primaries = primariesOf(topology).filter(isReached);
  const work = primaries.map((node) => ({
    node,
    slots: slots.filter((slot) => isWrongAt(topology, node, slot, owner.id)),
  }));
  const own = work.filter(({ node }) => node.id === owner.id);
  const others = work.filter((each) => each.node.id !== owner.id && each.slots.length > 0);
  await mapBounded(others, CONCURRENT_NODES_MAX, (each) => refuseKeys(execution, each.node, each.slots));
  const tell = ({ node, slots: some }: (typeof work)[number]): Promise<void> =>
    setSlots(
      cluster,
      node,
      some.flatMap((slot) => [argv.clusterSetSlotNode(slot, owner.id), argv.clusterSetSlotStable(slot)]),
      BYSTANDERS_MAY,
    );
  await mapBounded(own, 1, tell);
  await mapBounded(others, CONCURRENT_NODES_MAX, tell);
}

/** A mark, at the node or at a replica of it, or another owner than the right one. */
function isWrongAt(topology: Topology, node: ReachedNode, slot: number, ownerId: string): boolean {
  const members = [node, ...replicasOf(topology, node.id)];
  const isMarked = members.some(({ entry }) =>
    [...entry.migrating, ...entry.importing].some((open) => open.slot === slot),
  );
  return isMarked || node.reach.view.entries.some(({ id, slots }) => (id === ownerId) !== hasSlot(slots, slot));
}

async function refuseKeys({ cluster }: Execution, node: ReachedNode, slots: readonly number[]): Promise<void> {
  for (const database of await databasesOf(cluster, node)) {
    const counting = slots.map((slot) => argv.clusterCountKeysInSlot(slot));
    const counts = await cluster.callMany(node.address, counting, { database });
    const filled = slots.find((_, index) => counts[index] !== 0);
    if (filled === undefined) continue;
    throw new OpsError('FAILED', `${formatAddress(node.address)} has keys of slot ${filled} by now, so it stays open.`);
  }
}
