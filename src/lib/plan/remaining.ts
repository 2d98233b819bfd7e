/**
 * What is left to do of a move? Told from the cluster alone, because the run that began the move may have died, and either side
 * may have failed over since: what counts is who owns which slot now, and which slots are open.
 */
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import { eachSlot, hasSlot } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf, reachedNodes } from '../model/topology.ts';
import type { MoveSlots, NodeRef } from './plan.ts';

/** The nodes of a shard when the move was planned. Whichever of them is a primary now speaks for the shard. */
export type ShardMembers = readonly NodeId[];

export interface Remaining {
  /** The primary that gives; it owns all of `slots`. */
  readonly source: ReachedNode;
  readonly target: ReachedNode;
  /** The slots still to be moved, open or not, ascending. */
  readonly slots: readonly number[];
}

export type RemainingMove =
  | { readonly state: 'done' }
  /** The target owns all slots, but some nodes still have these open: they have to be closed. */
  | { readonly state: 'closing'; readonly target: ReachedNode; readonly slots: readonly number[] }
  /** Besides, `closing` are slots that the target owns already, but that some nodes still have open. */
  | { readonly state: 'moving'; readonly remaining: Remaining; readonly closing: readonly number[] }
  /** No primary of the shard answers, or slots belong to somebody else: `reason` is one sentence. */
  | { readonly state: 'stuck'; readonly reason: string };

/** All nodes of the shard that the node `id` is in: its primary, or itself, first. */
export function shardMembers(topology: Topology, id: NodeId): ShardMembers {
  const node = topology.nodes.find((other) => other.id === id);
  const primaryId = node?.entry.primaryId ?? id;
  return [primaryId, ...topology.nodes.filter(({ entry }) => entry.primaryId === primaryId).map((other) => other.id)];
}

/** `sources` and `targets` are the shards' members from when the move was planned. */
export function remainingOf(
  step: MoveSlots,
  topology: Topology,
  sources: ShardMembers,
  targets: ShardMembers,
): RemainingMove {
  const target = primaryAmong(topology, targets);
  if (target === null) return { state: 'stuck', reason: whyNone(topology, step.target) };
  const slots = [...eachSlot(step.slots)];
  const owners = ownersOf(topology);
  const left = slots.filter((slot) => owners.get(slot) !== target.id);
  const closing = openSlots(topology, new Set(slots.filter((slot) => owners.get(slot) === target.id)));
  if (left.length === 0) return closing.length === 0 ? { state: 'done' } : { state: 'closing', target, slots: closing };
  const source = primaryAmong(topology, sources);
  if (source === null) return { state: 'stuck', reason: whyNone(topology, step.source) };
  const elsewhere = left.find((slot) => owners.get(slot) !== source.id);
  if (elsewhere !== undefined) {
    const owner = owners.get(elsewhere);
    return {
      state: 'stuck',
      reason: `slot ${elsewhere} belongs to ${owner ?? 'nobody that answers'}, not to the shard of ${step.source.address}`,
    };
  }
  return { state: 'moving', remaining: { source, target, slots: left }, closing };
}

/**
 * The slots of a move that are already on their way back: the target owns them and has them open. Their keys are on both
 * sides, so they must not be closed at the target.
 */
export function slotsOnTheirWayBack(
  step: MoveSlots,
  topology: Topology,
  sources: ShardMembers,
  targets: ShardMembers,
): readonly number[] {
  const [source, target] = [primaryAmong(topology, sources), primaryAmong(topology, targets)];
  if (target === null) return [];
  const owners = ownersOf(topology);
  const open = [...target.entry.migrating, ...(source?.entry.importing ?? [])].map(({ slot }) => slot);
  return [...new Set(open)]
    .filter((slot) => hasSlot(step.slots, slot) && owners.get(slot) === target.id)
    .sort((a, b) => a - b);
}

/** Why no member of a shard is a primary that answers: an emptied one may follow whoever took its last slot. */
function whyNone(topology: Topology, { id, address }: NodeRef): string {
  const node = topology.nodes.find((other) => other.id === id);
  const followed = node?.entry.primaryId;
  const primary = reachedNodes(topology).find((other) => other.id === followed && roleOf(other.entry) === 'primary');
  if (primary === undefined) {
    const reason = node === undefined || node.reach.ok ? '' : `: ${node.reach.reason}`;
    return `no primary of the shard of ${address} answers${reason}`;
  }
  return `${address} has no slots left and is a replica of ${formatAddress(primary.address)} now`;
}

/** The member that answers and calls itself a primary; of two, the one with the higher epoch. */
function primaryAmong(topology: Topology, members: ShardMembers): ReachedNode | null {
  const candidates = topology.nodes
    .filter(isReached)
    .filter(({ id, entry }) => members.includes(id) && roleOf(entry) === 'primary')
    .sort((a, b) => b.entry.configEpoch - a.entry.configEpoch);
  return candidates[0] ?? null;
}

/** The owner of each slot: of those that claim it in their own line the one with the highest epoch, as servers settle it. */
function ownersOf(topology: Topology): ReadonlyMap<number, NodeId> {
  const owners = new Map<number, NodeId>();
  const claims = [...primariesOf(topology)].filter(isReached).sort((a, b) => a.entry.configEpoch - b.entry.configEpoch);
  for (const { id, entry } of claims) for (const slot of eachSlot(entry.slots)) owners.set(slot, id);
  return owners;
}

function openSlots(topology: Topology, slots: ReadonlySet<number>): readonly number[] {
  const open = reachedNodes(topology)
    .filter(({ entry }) => !hasFlag(entry, 'fail'))
    .flatMap(({ entry }) => [...entry.migrating, ...entry.importing].map(({ slot }) => slot));
  return [...new Set(open)].filter((slot) => slots.has(slot)).sort((a, b) => a - b);
}
