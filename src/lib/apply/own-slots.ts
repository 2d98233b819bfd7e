/**
 * Making a node the owner of slots, so that all others believe it. Two stages, for all nodes of a plan:
 *
 *   losers    DELSLOTS s, SETSLOT s NODE owner, SETSLOT s IMPORTING owner
 *
 *   owner     MULTI  [DELSLOTS s]  ADDSLOTS s  EXEC   BUMPEPOCH
 *   others    SETSLOT s NODE owner
 *
 * A node that hears by gossip that a slot of its own has another owner with a higher epoch DELETES its keys of the slot
 * (`clusterUpdateSlotsConfigWith`, Redis 7.0). So whoever else claims a slot gives it up before ANY node takes a higher
 * epoch, for whatever slot, and has the mark that gossip leaves alone: IMPORTING. A loser that does not know the owner
 * yet refuses NODE and IMPORTING; what is not its own is not deleted either. No SETSLOT is sent inside a transaction: a
 * Valkey primary with replicas ends itself there (see `takesSlotsInTransaction`).
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
import { ReplyError, type ReplyErrorKind } from '../wire/reply-error.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import { type Execution, nodeOf } from './execution.ts';
import { BYSTANDERS_MAY, refusedBy, setSlots } from './slot-commands.ts';

const SLOTS_PER_TRANSACTION_MAX = 512;
const CONCURRENT_NODES_MAX = 32;
/** It hears of the owner later, by gossip. */
const LOSERS_MAY: readonly ReplyErrorKind[] = ['unknown-node'];
const POLL_MS = 50;

export async function releaseSlots(
  execution: Execution,
  step: Extract<Step, { kind: 'release-slots' }>,
): Promise<void> {
  const [loser, owner] = [nodeOf(execution, step.node), nodeOf(execution, step.owner)];
  await giveUp(execution, loser, owner, step.slots);
  const name = formatAddress(loser.address);
  await until(execution, `${name} to give up its claim`, async () =>
    intersectSlots((await lookAt(execution, loser)).own, step.slots).length > 0
      ? [`${name} claims some of the slots`]
      : [],
  );
}

export async function ownSlots(execution: Execution, step: Extract<Step, { kind: 'own-slots' }>): Promise<void> {
  const owner = nodeOf(execution, step.node);
  await take(execution, owner, step.slots);
  const others = primariesOf({ seed: owner.address, nodes: [...execution.nodes.values()] }).filter(
    (node) => isReached(node) && node.id !== owner.id,
  );
  const telling = [...eachSlot(step.slots)].map((slot) => argv.clusterSetSlotNode(slot, owner.id));
  await mapBounded(others, CONCURRENT_NODES_MAX, (node) => setSlots(execution.cluster, node, telling, BYSTANDERS_MAY));
  const name = formatAddress(owner.address);
  await until(execution, `${name} to own the slots`, async () =>
    subtractSlots(step.slots, (await lookAt(execution, owner)).own).length > 0 ? [`${name} has not all of them`] : [],
  );
}

async function giveUp(execution: Execution, loser: TopologyNode, owner: TopologyNode, slots: SlotSet): Promise<void> {
  const { own } = await lookAt(execution, loser);
  const given = [...eachSlot(intersectSlots(slots, own))];
  for (const command of [
    argv.clusterDelSlots,
    (slot: number) => argv.clusterSetSlotNode(slot, owner.id),
    (slot: number) => argv.clusterSetSlotImporting(slot, owner.id),
  ])
    await setSlots(execution.cluster, loser, given.map(command), LOSERS_MAY);
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

async function until(execution: Execution, what: string, missing: () => Promise<readonly string[]>): Promise<void> {
  const { waitTimeoutMs: timeoutMs, signal, clock, emit } = execution;
  await waitUntilNothingIsMissing({ what, timeoutMs, pollMs: POLL_MS, signal, clock }, missing, (rest) =>
    emit({ event: 'wait', what, missing: rest }),
  );
}
