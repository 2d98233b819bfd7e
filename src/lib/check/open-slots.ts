/** Which slots are half-way between two nodes? As in redis-cli, only the marks in a node's own line count. */
import { formatAddress } from '../model/address.ts';
import type { OpenSlot } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { eachSlot, formatSlots, slotSetOf, unionSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import type { Rule } from './rule.ts';
import { nameOf } from './words.ts';

export const openSlots: Rule = {
  name: 'open-slots',
  finds: 'slots that a node has set as migrating or importing',
  check: (topology) =>
    reachedNodes(topology).flatMap((node) => [
      ...openIn(topology, node, 'migrating'),
      ...openIn(topology, node, 'importing'),
    ]),
};

/** All slots that any reached node has open, on either side. */
export function openSlotsOf(topology: Topology): SlotSet {
  return unionSlots(
    ...reachedNodes(topology).map(({ entry }) => slotSetOf([...entry.migrating, ...entry.importing].map(slotOf))),
  );
}

/** The message is redis-cli's line, each slot by itself: scripts read it. */
function openIn(topology: Topology, node: ReachedNode, state: 'migrating' | 'importing'): readonly Finding[] {
  const slots = node.entry[state].map(slotOf);
  if (slots.length === 0) return [];
  return [
    {
      rule: 'open-slots',
      severity: 'error',
      message: `Node ${nameOf(node)} has slots in ${state} state ${slots.join(',')}.`,
      nodeIds: [node.id],
      slots: slotSetOf(slots),
      suggestion: `Unless a reshard is under way: cluster fix ${formatAddress(topology.seed)}`,
    },
  ];
}

/** For people: the same sentence with the slots as ranges. Of a finding of any other rule its message. */
export function messageWithRanges({ rule, message, slots = [] }: Finding): string {
  return rule === 'open-slots' ? message.replace([...eachSlot(slots)].join(','), formatSlots(slots)) : message;
}

function slotOf(open: OpenSlot): number {
  return open.slot;
}
