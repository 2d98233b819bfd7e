/** What becomes of a topology when slots are fixed. Which node has which keys is no part of it. */
import { assert } from '../assert.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId, OpenSlot } from '../model/node.ts';
import { eachSlot, hasSlot, type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { FixStep, NodeRef } from './plan.ts';

export function isFixStep(step: { readonly kind: string }): step is FixStep {
  return ['release-slots', 'own-slots', 'settle-keys', 'gather-keys', 'close-slots'].includes(step.kind);
}

/** The topology after the step. What nodes are believed to own changes in all views, also for nodes that do not answer. */
export function simulateFix(topology: Topology, step: FixStep): Topology {
  switch (step.kind) {
    case 'release-slots': {
      for (const node of [step.node, step.owner]) requireReached(topology, node);
      const released = withEntries(topology, (entry) =>
        entry.id === step.node.id ? { ...entry, slots: subtractSlots(entry.slots, step.slots) } : entry,
      );
      return withMarks(released, (entry) =>
        entry.id === step.node.id
          ? {
              migrating: without(entry.migrating, step.slots),
              importing: [...without(entry.importing, step.slots), ...marks(step.slots, step.owner.id)],
            }
          : entry,
      );
    }
    case 'own-slots':
      requireReached(topology, step.node);
      return withMarks(withOwner(topology, step.node.id, step.slots, nextEpoch(topology)), (entry) =>
        entry.id === step.node.id
          ? { migrating: entry.migrating, importing: without(entry.importing, step.slots) }
          : entry,
      );
    case 'settle-keys':
      for (const node of [step.source, step.target]) requireReached(topology, node);
      return withMarks(topology, (entry) => ({
        migrating:
          entry.id === step.source.id
            ? [...without(entry.migrating, step.slots), ...marks(step.slots, step.target.id)]
            : entry.migrating,
        importing:
          entry.id === step.target.id
            ? [...without(entry.importing, step.slots), ...marks(step.slots, step.source.id)]
            : entry.importing,
      }));
    case 'gather-keys':
      for (const node of [step.source, step.target]) requireReached(topology, node);
      return withMarks(topology, (entry) => ({
        migrating: entry.migrating,
        importing: entry.id === step.source.id ? without(entry.importing, step.slots) : entry.importing,
      }));
    case 'close-slots':
      requireReached(topology, step.node);
      return withMarks(withOwner(topology, step.node.id, step.slots, null), (entry) => ({
        migrating: without(entry.migrating, step.slots),
        importing: without(entry.importing, step.slots),
      }));
  }
}

function requireReached(topology: Topology, { id }: NodeRef): void {
  const node = findNode(topology, id);
  assert(
    node !== undefined && isReached(node),
    `${node ? formatAddress(node.address) : id} answers when a step is about it`,
  );
}

function nextEpoch(topology: Topology): number {
  return 1 + topology.nodes.reduce((epoch, { entry }) => Math.max(epoch, entry.configEpoch), 0);
}

/** The topology in which all know this owner of the slots. `epoch` null: its config epoch stays. */
function withOwner(topology: Topology, owner: NodeId, slots: SlotSet, epoch: number | null): Topology {
  return withEntries(topology, (entry) =>
    entry.id === owner
      ? { ...entry, slots: unionSlots(entry.slots, slots), configEpoch: epoch ?? entry.configEpoch }
      : { ...entry, slots: subtractSlots(entry.slots, slots) },
  );
}

function withMarks(topology: Topology, edit: (own: NodeEntry) => Pick<NodeEntry, 'migrating' | 'importing'>): Topology {
  return withEntries(topology, (entry) => (entry.flags.includes('myself') ? { ...entry, ...edit(entry) } : entry));
}

function withEntries(topology: Topology, edit: (entry: NodeEntry) => NodeEntry): Topology {
  return {
    ...topology,
    nodes: topology.nodes.map((node) => {
      const entry = edit(node.entry);
      if (!node.reach.ok) return { ...node, entry };
      const { view } = node.reach;
      return { ...node, entry, reach: { ok: true, view: { ...view, entries: view.entries.map(edit) } } };
    }),
  };
}

function without(open: readonly OpenSlot[], slots: SlotSet): readonly OpenSlot[] {
  return open.filter(({ slot }) => !hasSlot(slots, slot));
}

function marks(slots: SlotSet, peer: NodeId): readonly OpenSlot[] {
  return [...eachSlot(slots)].map((slot) => ({ slot, peer }));
}
