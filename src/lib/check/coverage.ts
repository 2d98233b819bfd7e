/**
 * Is every slot served?
 *
 * As in redis-cli, a slot is covered when a node that counts (see counted.ts) claims it in its own CLUSTER NODES line.
 * So slots of a reachable primary that the asked node takes for failed are uncovered: clients of the asked node get
 * CLUSTERDOWN for them. What others believe of a silent node covers nothing.
 */
import { formatAddress } from '../model/address.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { ALL_SLOTS, intersectSlots, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { countedNodes } from './counted.ts';
import { isOutOfReachOnly } from './out-of-reach.ts';
import type { Rule } from './rule.ts';
import { listInWords, nameOf, slotsInWords } from './words.ts';

export const coverage: Rule = {
  name: 'coverage',
  finds: 'slots that no reachable primary serves',
  check: (topology) => {
    const uncovered = subtractSlots(ALL_SLOTS, coveredSlots(topology));
    if (uncovered.length === 0) return [];
    const owners = absentOwners(topology, uncovered);
    const had = owners.map(({ node, slots }) => `${nameOf(node)} had ${slotsInWords(slots)}`);
    return [
      {
        rule: 'coverage',
        severity: 'error',
        message: `No reachable primary serves ${slotsInWords(uncovered)}${had.length === 0 ? '' : ` (${listInWords(had)})`}.`,
        nodeIds: owners.map(({ node }) => node.id),
        slots: uncovered,
        suggestion: suggestionFor(
          topology,
          owners.map(({ node }) => node),
        ),
      },
    ];
  },
};

function suggestionFor(topology: Topology, owners: readonly TopologyNode[]): string {
  const seed = formatAddress(topology.seed);
  if (owners.length === 0) return `Give them an owner: cluster fix ${seed}`;
  const names = listInWords(owners.map(nameOf));
  return owners.every((owner) => isOutOfReachOnly(topology, owner))
    ? `The other nodes have not lost ${names}: unless it hangs since a moment ago, there is no way from here only.`
    : `Bring ${names} back; where that is impossible: cluster fix ${seed}`;
}

/** The slots that nodes which count claim for themselves. */
export function coveredSlots(topology: Topology): SlotSet {
  return unionSlots(...countedNodes(topology).map((node) => node.entry.slots));
}

interface AbsentOwner {
  readonly node: TopologyNode;
  readonly slots: SlotSet;
}

function absentOwners(topology: Topology, uncovered: SlotSet): readonly AbsentOwner[] {
  const counted = new Set<TopologyNode>(countedNodes(topology));
  return topology.nodes
    .filter((node) => !counted.has(node))
    .map((node) => ({ node, slots: intersectSlots(node.entry.slots, uncovered) }))
    .filter(({ slots }) => slots.length > 0);
}
