/**
 * After a failure: closes every slot that can be closed without moving a key, so that as few as possible stay open.
 * A slot without keys at the source is given to the target; one without keys at the target goes back to the source;
 * one with keys on both sides stays open, because open is what lets clients find the keys on either side.
 */
import { argv } from '../../wire/argv.ts';
import type { MoveContext, MoveJob } from './move.ts';

export async function retreat(
  { source, target }: MoveJob,
  { cluster, report }: MoveContext,
  slots: readonly number[],
): Promise<void> {
  const counting = slots.map((slot) => argv.clusterCountKeysInSlot(slot));
  const [here, there] = await Promise.all([
    cluster.callMany(source.address, counting),
    cluster.callMany(target.address, counting),
  ]);
  const forward = slots.filter((_, index) => here[index] === 0 && there[index] !== 0);
  const back = slots.filter((_, index) => there[index] === 0);
  const giving = forward.map((slot) => argv.clusterSetSlotNode(slot, target.id));
  const stabling = back.map((slot) => argv.clusterSetSlotStable(slot));
  // The target's ownership FIRST; and the source's claim first where the slot goes back, so that somebody always serves it.
  await cluster.callMany(target.address, giving);
  await cluster.callMany(source.address, [...giving, ...stabling]);
  await cluster.callMany(target.address, stabling);
  report.closed([...forward, ...back]);
}
