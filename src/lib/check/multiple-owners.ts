/**
 * Which slots have more than one owner? As for redis-cli, an owner is a primary that has the slot in its own
 * configuration, or that holds keys of it. Not among the rules, because the number of keys in each slot must be asked
 * for, node by node.
 */
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import { eachSlot } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { countedNodes } from './counted.ts';
import type { Finding } from './finding.ts';
import { groupByEach } from './group.ts';
import { listInWords, nameOf } from './words.ts';

/**
 * One finding for each slot with several owners, ascending; `nodeIds` are all its owners.
 * `keysInSlot`: for each primary the slots in which it has keys, with their number (CLUSTER COUNTKEYSINSLOT).
 */
export function checkMultipleOwners(
  topology: Topology,
  keysInSlot: ReadonlyMap<NodeId, ReadonlyMap<number, number>>,
): readonly Finding[] {
  const suggestion = `Settle each on one owner: cluster fix ${formatAddress(topology.seed)} --search-multiple-owners`;
  return [...ownersBySlot(topology, keysInSlot)]
    .filter(([, owners]) => owners.length > 1)
    .sort(([a], [b]) => a - b)
    .map(([slot, owners]) => ({
      rule: 'multiple-owners',
      severity: 'error',
      message: `Slot ${slot} has ${owners.length} owners: ${listInWords(owners.map(nameOf))}.`,
      nodeIds: owners.map((owner) => owner.id),
      slots: [[slot, slot]],
      suggestion,
    }));
}

function ownersBySlot(
  topology: Topology,
  keysInSlot: ReadonlyMap<NodeId, ReadonlyMap<number, number>>,
): ReadonlyMap<number, readonly ReachedNode[]> {
  const primaries = countedNodes(topology).filter(({ entry }) => roleOf(entry) === 'primary');
  return groupByEach(primaries, ({ id, entry }) => {
    const withKeys = [...(keysInSlot.get(id) ?? [])].filter(([, keys]) => keys > 0).map(([slot]) => slot);
    return new Set([...eachSlot(entry.slots), ...withKeys]);
  });
}
