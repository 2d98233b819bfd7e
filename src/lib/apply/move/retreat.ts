/**
 * After a failure: closes every slot that can be closed without moving a key, so that as few as possible stay open.
 *
 *   no keys at the source   the slot is given to the target. While it is migrating no key is made at the source, so
 *                           none can come up behind the count; but one that has failed over meanwhile is a replica that
 *                           lags behind, and its successor takes keys: such a slot stays open for the next attempt
 *   no keys at the target   it goes back to the source. A client that was redirected a moment ago may still make a key
 *                           at the target, so it is counted again AFTER the target has stopped taking keys; where there
 *                           is one, the slot is opened again
 *   keys on both sides      it stays open, because open is what lets clients find the keys on either side
 */
import type { Address } from '../../model/address.ts';
import { hasFlag, roleOf } from '../../model/node.ts';
import { hasSlot } from '../../model/slot-set.ts';
import { isReached } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { MoveContext, MoveJob } from './move.ts';

/** `areOpen`: all of the slots were opened on both sides; else some may not be, and none is given to the target. */
export async function retreat(
  job: MoveJob,
  context: MoveContext,
  slots: readonly number[],
  areOpen: boolean,
): Promise<void> {
  const { source, target } = job;
  const { cluster, report } = context;
  const [here, there] = await Promise.all([
    countKeys(context, source.address, slots),
    countKeys(context, target.address, slots),
  ]);
  // AFTER the count: whoever is in charge now was so when it was made.
  const going = areOpen ? await goingToTarget(job, context) : NO_SLOTS;
  const forward = slots.filter((slot, index) => here[index] === 0 && going.has(slot));
  const back = slots.filter((slot, index) => there[index] === 0 && !forward.includes(slot));
  // The target's ownership FIRST, so that somebody always serves the slot.
  const giving = (some: readonly number[]) => some.map((slot) => argv.clusterSetSlotNode(slot, target.id));
  const answers = await cluster.callMany(target.address, giving(forward));
  // A slot that the target has refused to take stays the source's: told otherwise, nobody would claim it.
  const taken = forward.filter((_, index) => !(answers[index] instanceof ReplyError));
  await cluster.callMany(source.address, giving(taken));
  report.closed(taken);
  report.returned(await goBack(job, context, back));
}

const NO_SLOTS: ReadonlySet<number> = new Set();

/**
 * The slots that the source itself says are its own and on their way to the target. None where either side is not in
 * touch with the cluster, or the target knows of another primary already: one that is cut off does not know.
 */
async function goingToTarget({ source, target }: MoveJob, { cluster }: MoveContext): Promise<ReadonlySet<number>> {
  const { nodes } = await cluster.observeEach([source.address, target.address]);
  const [here, there] = [source, target].map(({ id }) => nodes.filter(isReached).find((node) => node.id === id));
  if (here === undefined || there === undefined) return NO_SLOTS;
  const isInTouch = [here, there].every(({ reach }) => reach.view.clusterInfo['cluster_state'] === 'ok');
  const seen = there.reach.view.entries.find(({ id }) => id === source.id);
  const isInCharge = [here.entry, seen].every(
    (entry) => entry !== undefined && roleOf(entry) === 'primary' && !hasFlag(entry, 'fail'),
  );
  if (!isInTouch || !isInCharge) return NO_SLOTS;
  const { migrating, slots } = here.entry;
  const going = migrating.filter(({ slot, peer }) => peer === target.id && hasSlot(slots, slot));
  return new Set(going.map(({ slot }) => slot));
}

/** The slots that are closed again at the source. */
async function goBack(
  { source, target }: MoveJob,
  context: MoveContext,
  slots: readonly number[],
): Promise<readonly number[]> {
  const { cluster } = context;
  const stabling = slots.map((slot) => argv.clusterSetSlotStable(slot));
  await cluster.callMany(source.address, stabling);
  await cluster.callMany(target.address, stabling);
  const counts = await countKeys(context, target.address, slots);
  const late = slots.filter((_, index) => counts[index] !== 0);
  await cluster.callMany(
    target.address,
    late.map((slot) => argv.clusterSetSlotImporting(slot, source.id)),
  );
  await cluster.callMany(
    source.address,
    late.map((slot) => argv.clusterSetSlotMigrating(slot, target.id)),
  );
  return slots.filter((slot) => !late.includes(slot));
}

/** Over all logical databases, because a slot is open for all of them. What is not told counts as keys. */
async function countKeys(
  { cluster, databases }: MoveContext,
  address: Address,
  slots: readonly number[],
): Promise<readonly number[]> {
  const counting = slots.map((slot) => argv.clusterCountKeysInSlot(slot));
  const counts = await Promise.all(databases.map((database) => cluster.callMany(address, counting, { database })));
  return slots.map((_, index) =>
    counts.reduce((sum, replies) => sum + (typeof replies[index] === 'number' ? replies[index] : 1), 0),
  );
}
