/**
 * Making a node the owner of slots, so that all others believe it.
 *
 *   losers    MULTI  DELSLOTS s  SETSLOT s NODE owner  SETSLOT s IMPORTING owner  EXEC     FIRST
 *   owner     MULTI  [DELSLOTS s]  ADDSLOTS s  BUMPEPOCH  EXEC
 *   others    SETSLOT s NODE owner
 *
 * A node that hears by gossip that a slot of its own has another owner with a higher epoch DELETES its keys of the slot
 * (`clusterUpdateSlotsConfigWith`, Redis 7.0). So whoever else claims the slot gives it up before the owner takes it, and
 * has the mark that gossip leaves alone: IMPORTING.
 */
import { mapBounded } from '../bounded.ts';
import { formatAddress } from '../model/address.ts';
import {
  eachSlot,
  hasSlot,
  intersectSlots,
  type SlotSet,
  slotSetOf,
  subtractSlots,
  unionSlots,
} from '../model/slot-set.ts';
import type { TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import type { Step } from '../plan/plan.ts';
import { type Argv, argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import { type Execution, nodeOf } from './execution.ts';
import { refusedBy, setSlots } from './slot-commands.ts';

const SLOTS_PER_TRANSACTION_MAX = 512;
const CONCURRENT_NODES_MAX = 32;
const POLL_MS = 50;

export async function ownSlots(execution: Execution, step: Extract<Step, { kind: 'own-slots' }>): Promise<void> {
  const owner = nodeOf(execution, step.node);
  const losers = step.losers.map((loser) => nodeOf(execution, loser));
  await mapBounded(losers, CONCURRENT_NODES_MAX, (loser) => giveUp(execution, loser, owner, step.slots));
  await take(execution, owner, step.slots);
  const others = primariesOf({ seed: owner.address, nodes: [...execution.nodes.values()] }).filter(
    (node) => isReached(node) && node.id !== owner.id && !losers.includes(node),
  );
  const telling = [...eachSlot(step.slots)].map((slot) => argv.clusterSetSlotNode(slot, owner.id));
  await mapBounded(others, CONCURRENT_NODES_MAX, (node) => setSlots(execution.cluster, node, telling, 'not-in-charge'));
  await untilOwned(execution, owner, losers, step.slots);
}

async function giveUp(execution: Execution, loser: TopologyNode, owner: TopologyNode, slots: SlotSet): Promise<void> {
  const { own } = await lookAt(execution, loser);
  await transact(execution, loser, [...eachSlot(intersectSlots(slots, own))], (slot) => [
    argv.clusterDelSlots(slot),
    argv.clusterSetSlotNode(slot, owner.id),
    argv.clusterSetSlotImporting(slot, owner.id),
  ]);
}

async function take(execution: Execution, owner: TopologyNode, slots: SlotSet): Promise<void> {
  const { own, assigned } = await lookAt(execution, owner);
  const missing = [...eachSlot(subtractSlots(slots, own))];
  await transact(execution, owner, missing, (slot) => [
    ...(hasSlot(assigned, slot) ? [argv.clusterDelSlots(slot)] : []),
    argv.clusterAddSlots(slotSetOf([slot])),
  ]);
  // Others believe a claim only with a higher epoch than that of whoever they take for the owner.
  await setSlots(execution.cluster, owner, [argv.clusterBumpEpoch()]);
}

/** What the node takes for its own, and which slots have an owner in its view. */
async function lookAt(
  { cluster }: Execution,
  { address }: TopologyNode,
): Promise<{ readonly own: SlotSet; readonly assigned: SlotSet }> {
  const { nodes } = await cluster.observeEach([address]);
  const [node] = nodes.filter(isReached);
  if (node === undefined) return { own: [], assigned: [] };
  return { own: node.entry.slots, assigned: unionSlots(...node.reach.view.entries.map(({ slots }) => slots)) };
}

/** Each slot's commands in one transaction: the node is never seen in between, not even by gossip. */
async function transact(
  { cluster }: Execution,
  node: TopologyNode,
  slots: readonly number[],
  commandsFor: (slot: number) => readonly Argv[],
): Promise<void> {
  for (let from = 0; from < slots.length; from += SLOTS_PER_TRANSACTION_MAX) {
    const commands = slots.slice(from, from + SLOTS_PER_TRANSACTION_MAX).flatMap(commandsFor);
    const sent = [argv.multi(), ...commands, argv.exec()];
    const replies = await cluster.callMany(node.address, sent);
    for (const [index, reply] of replies.entries())
      if (reply instanceof ReplyError) throw refusedBy(node, reply, sent[index] ?? []);
  }
}

async function untilOwned(
  execution: Execution,
  owner: TopologyNode,
  losers: readonly TopologyNode[],
  slots: SlotSet,
): Promise<void> {
  const what = `${formatAddress(owner.address)} to own the slots alone`;
  await waitUntilNothingIsMissing(
    { what, timeoutMs: execution.waitTimeoutMs, pollMs: POLL_MS, signal: execution.signal, clock: execution.clock },
    async () => {
      const { own } = await lookAt(execution, owner);
      const lacking =
        subtractSlots(slots, own).length > 0 ? [`${formatAddress(owner.address)} has not all of them`] : [];
      const claims = await Promise.all(
        losers.map(async (loser) =>
          intersectSlots((await lookAt(execution, loser)).own, slots).length > 0
            ? [`${formatAddress(loser.address)} still claims some of them`]
            : [],
        ),
      );
      return [...lacking, ...claims.flat()];
    },
    (missing) => execution.emit({ event: 'wait', what, missing }),
  );
}
