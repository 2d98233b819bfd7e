/** How sentences name nodes, slots and numbers: the same way in every finding, plan and view. */
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, formatSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';

/** Longer lists are cut: a person reads the sentence, and `nodeIds` and `slots` of the finding hold all. */
const ITEMS_MAX = 6;
const RANGES_MAX = 16;

/** `host:port`. */
export function nameOf(node: TopologyNode): string {
  return formatAddress(node.address);
}

/** `host:port`, or the id of a node that is not in the topology. */
export function nameById(topology: Topology, id: NodeId): string {
  const node = findNode(topology, id);
  return node ? nameOf(node) : `unknown node ${id}`;
}

/** `a`, `a and b`, `a, b and c`, `a, b, c, d, e, f and 9 more`. */
export function listInWords(items: readonly string[]): string {
  const shown = items.slice(0, ITEMS_MAX);
  const hidden = items.length - shown.length;
  const last = hidden > 0 ? `${hidden} more` : shown.pop();
  return shown.length === 0 ? (last ?? '') : `${shown.join(', ')} and ${last}`;
}

/** `Node a`, `Nodes a and b`: the nodes by address. */
export function nodesInWords(nodes: readonly TopologyNode[]): string {
  return `${nodes.length === 1 ? 'Node' : 'Nodes'} ${listInWords(nodes.map(nameOf))}`;
}

/** `slot 5`, `slots 0-100,200`, or the first ranges and how many slots there are in all. */
export function slotsInWords(set: SlotSet): string {
  const count = countSlots(set);
  if (set.length > RANGES_MAX) return `slots ${formatSlots(set.slice(0, RANGES_MAX))},… (${count} in all)`;
  return `${count === 1 ? 'slot' : 'slots'} ${formatSlots(set)}`;
}

/** `1.5 MiB`. */
export function mebibytesInWords(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** `1 error`, `2 errors`, `3 primaries`. */
export function countInWords(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : pluralOf(noun)}`;
}

/** `masters`, `replicas`, `keys`, `primaries`. */
export function pluralOf(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
