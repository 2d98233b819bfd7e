/**
 * The target of a move becomes the owner of slots whose keys it has.
 *
 *   target  SETSLOT s NODE target     for each slot
 *
 * A server that owns a slot which it was importing tells every node of ALL its slots, with each such command anew. To read
 * that takes a node 50 µs in which it serves nobody (Redis 7.0.15): the slots of one window, claimed in one breath, hold up
 * every node of the cluster for milliseconds, those included that have no part in the move. So, where the server can:
 *
 *   target  MULTI
 *           SETSLOT first NODE target                  a new epoch, unless it has the highest: BEFORE it claims more
 *           SETSLOT s STABLE, SETSLOT s NODE target    not importing any more, so this is no news
 *           SETSLOT last NODE target                   the news, of all of them
 *           EXEC
 *
 * Nobody ever sees a slot in between, where it is neither imported nor owned. Source: `clusterCommand` of Redis 7.0.15.
 */
import { takesSlotsInTransaction } from '../../model/flavor.ts';
import type { TopologyNode } from '../../model/topology.ts';
import { isReached } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { refusedBy, setSlots } from '../slot-commands.ts';
import type { MoveContext, MoveJob } from './move.ts';

/** Where each claim is news to all nodes: so many of them hold up a node for less than a millisecond. */
const SEPARATE_CLAIMS_MAX = 16;
/** Of its own: a transaction that this user may begin and not end would swallow what others send. */
const CHANNEL = 'claim';

/** Makes the target the owner of these slots. Throws FAILED with the server's refusal as the cause, or UNREACHABLE. */
export type Claim = (slots: readonly number[]) => Promise<void>;

/** Finds out how the target can be made an owner. Throws UNREACHABLE where it does not answer. */
export async function claimFor({ target }: MoveJob, context: MoveContext): Promise<Claim> {
  const isTogether = await takesTransactions(target, context);
  return (slots) => (isTogether ? claimTogether(target, context, slots) : claimSeparately(target, context, slots));
}

/** Does the server know how to, and may this user? */
async function takesTransactions(target: TopologyNode, { cluster }: MoveContext): Promise<boolean> {
  if (!isReached(target) || !takesSlotsInTransaction(target.reach.view.flavor)) return false;
  const replies = await cluster.callMany(target.address, [argv.multi(), argv.exec()], { bulk: true, channel: CHANNEL });
  return !replies.some((reply) => reply instanceof ReplyError);
}

async function claimTogether(target: TopologyNode, { cluster }: MoveContext, slots: readonly number[]): Promise<void> {
  const claims = slots.flatMap((slot, index) => {
    const isBetween = index > 0 && index < slots.length - 1;
    const claim = argv.clusterSetSlotNode(slot, target.id);
    return isBetween ? [argv.clusterSetSlotStable(slot), claim] : [claim];
  });
  const sent = [argv.multi(), ...claims, argv.exec()];
  const replies = await cluster.callMany(target.address, sent, { bulk: true, channel: CHANNEL });
  // What is refused when it is queued is told at once, the rest in the reply to EXEC.
  const results: readonly unknown[] = [...replies.slice(1, -1), ...[replies.at(-1) ?? null].flat()];
  for (const [index, result] of results.entries())
    if (result instanceof ReplyError) throw refusedBy(target, result, claims[index % claims.length] ?? argv.exec());
}

async function claimSeparately(
  target: TopologyNode,
  { cluster }: MoveContext,
  slots: readonly number[],
): Promise<void> {
  for (let from = 0; from < slots.length; from += SEPARATE_CLAIMS_MAX) {
    const some = slots.slice(from, from + SEPARATE_CLAIMS_MAX);
    await setSlots(
      cluster,
      target,
      some.map((slot) => argv.clusterSetSlotNode(slot, target.id)),
    );
  }
}
