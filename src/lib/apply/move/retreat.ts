/**
 * After a failure: closes every slot that can be closed without moving a key, so that as few as possible stay open.
 *
 *   no keys at the source   the slot is given to the target. While it is migrating no key is made at the source, so
 *                           none can come up behind the count
 *   no keys at the target   it goes back to the source. A client that was redirected a moment ago may still make a key
 *                           at the target, so it is counted again AFTER the target has stopped taking keys; where there
 *                           is one, the slot is opened again
 *   keys on both sides      it stays open, because open is what lets clients find the keys on either side
 */
import type { Address } from '../../model/address.ts';
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
  const forward = areOpen ? slots.filter((_, index) => here[index] === 0) : [];
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
