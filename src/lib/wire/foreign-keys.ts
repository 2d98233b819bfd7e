/** Looking at keys of slots that the asked node does not own, where the server hides them: see `hidesForeignKeys`. */
import { hidesForeignKeys } from '../model/flavor.ts';
import type { NodeId } from '../model/node.ts';
import { hasSlot } from '../model/slot-set.ts';
import type { ReachedNode } from '../model/topology.ts';
import { type Argv, argv } from './argv.ts';

/**
 * The question between two others: the slot is `importing` for as long as it takes to answer, which shows the keys. Three
 * commands for each slot, in this order, so that a connection that breaks leaves one mark at most; the answer is the second
 * of three replies. ONLY for slots without a mark: it would be lost. `stranger`: another node that the asked one knows.
 * Seen in Redis 8.6.3.
 */
export function askAsImporter(
  slots: readonly number[],
  stranger: NodeId,
  question: (slot: number) => Argv,
): readonly Argv[] {
  return slots.flatMap((slot) => [
    argv.clusterSetSlotImporting(slot, stranger),
    question(slot),
    argv.clusterSetSlotStable(slot),
  ]);
}

/** The reply to SETSLOT and that to the question, of each slot that {@link askAsImporter} was given. */
export function answersToImporter<R>(replies: readonly R[]): readonly { readonly marked: R; readonly answer: R }[] {
  return Array.from({ length: Math.floor(replies.length / 3) }, (_, index) => ({
    marked: replies[3 * index] as R,
    answer: replies[3 * index + 1] as R,
  }));
}

/** Would the node answer as if it had no keys of the slot, whatever it has? Of a slot with a mark that must not be lost: false. */
export function hidesKeysOf({ entry, reach }: ReachedNode, slot: number): boolean {
  const isMarked = [...entry.migrating, ...entry.importing].some((open) => open.slot === slot);
  return hidesForeignKeys(reach.view.flavor) && !isMarked && !hasSlot(entry.slots, slot);
}
