/**
 * Redis 8.4 and later hide keys of slots that a node neither owns nor imports (`hidesForeignKeys`). To see them, the slot is
 * marked as `importing` for as long as one question takes.
 */
import { hidesForeignKeys } from '../model/flavor.ts';
import type { NodeId } from '../model/node.ts';
import { hasSlot } from '../model/slot-set.ts';
import type { ReachedNode } from '../model/topology.ts';
import { type Argv, argv } from './argv.ts';

/**
 * Three commands for each slot: set the mark, ask, take the mark off. In this ORDER slot by slot, so that a connection that
 * breaks leaves one mark at most. ONLY for slots without a mark of their own, which would be lost. `stranger` is any other
 * node that the asked one knows: SETSLOT IMPORTING has to name one. Seen in Redis 8.6.3.
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

/** For each slot given to {@link askAsImporter}: the reply to setting the mark, and the reply to the question. */
export function answersToImporter<R>(replies: readonly R[]): readonly { readonly marked: R; readonly answer: R }[] {
  return Array.from({ length: Math.floor(replies.length / 3) }, (_, index) => ({
    marked: replies[3 * index] as R,
    answer: replies[3 * index + 1] as R,
  }));
}

/** True where the node hides its keys of the slot, so that it has to be asked as an importer. Never for a slot with a mark. */
export function hidesKeysOf({ entry, reach }: ReachedNode, slot: number): boolean {
  const isMarked = [...entry.migrating, ...entry.importing].some((open) => open.slot === slot);
  return hidesForeignKeys(reach.view.flavor) && !isMarked && !hasSlot(entry.slots, slot);
}
