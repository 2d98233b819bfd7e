/** What a plan was made from, as one text. Where the text of the cluster is another one by now, the plan is stale. */
import type { NodeEntry, NodeId, OpenSlot } from '../model/node.ts';
import { hasFlag, isNodeId, roleOf } from '../model/node.ts';
import { formatSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { keyCount } from '../model/topology.ts';

/**
 * One line for each node, sorted by id: role, primary, config epoch, slots, open slots, and whether it answered. A node that
 * knows nobody, and a primary with keys but no slots, are marked as such, so that it shows when a new node was taken by
 * somebody else. Left out are the order of the nodes, their addresses, and nodes in handshake that do not answer: these
 * have their id for some seconds only, and the plan would be stale before anybody has read it.
 */
export function basisOf(topology: Topology): string {
  const lasting = topology.nodes.filter(({ entry, reach }) => reach.ok || !hasFlag(entry, 'handshake'));
  return lasting.map(lineOf).sort().join('\n');
}

/** How two bases differ, a sentence for each node; none where they are the same. */
export function basisDifference(before: string, after: string): readonly string[] {
  const [old, now] = [factsById(before), factsById(after)];
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort();
  return ids.flatMap((id) => {
    const [was, is] = [old.get(id), now.get(id)];
    if (was === undefined) return [`Node ${id} is new: ${is}.`];
    if (is === undefined) return [`Node ${id} is gone. It was: ${was}.`];
    return was === is ? [] : [`Node ${id} was: ${was}. It is now: ${is}.`];
  });
}

/** Whose replica the node was when the plan was made; null for a primary, and for a node that is not in the basis. */
export function primaryIn(basis: string, id: NodeId): NodeId | null {
  return primaryNamedIn(factsById(basis).get(id) ?? '');
}

/** The replicas that this node had when the plan was made. */
export function replicasIn(basis: string, primaryId: NodeId): readonly NodeId[] {
  return [...factsById(basis)].flatMap(([id, facts]) =>
    isNodeId(id) && primaryNamedIn(facts) === primaryId ? [id] : [],
  );
}

function primaryNamedIn(facts: string): NodeId | null {
  const [, primaryId = ''] = /^replica of (\w+),/.exec(facts) ?? [];
  return isNodeId(primaryId) ? primaryId : null;
}

function lineOf(node: TopologyNode): string {
  return `${node.id} ${[...factsOf(node.entry), ...factsSeenAt(node)].join(', ')}`;
}

function factsSeenAt({ entry, reach }: TopologyNode): readonly string[] {
  if (!reach.ok) return ['unreachable'];
  const isEmpty = roleOf(entry) === 'primary' && entry.slots.length === 0;
  return [
    ...(reach.view.entries.length === 1 ? ['knows nobody'] : []),
    ...(isEmpty && keyCount(reach.view) > 0 ? ['has keys'] : []),
  ];
}

function factsOf(entry: NodeEntry): readonly string[] {
  const role = roleOf(entry);
  return [
    entry.primaryId === null ? role : `${role} of ${entry.primaryId}`,
    `epoch ${entry.configEpoch}`,
    entry.slots.length === 0 ? 'no slots' : `slots ${formatSlots(entry.slots)}`,
    ...openFacts('migrating', 'to', entry.migrating),
    ...openFacts('importing', 'from', entry.importing),
  ];
}

function openFacts(state: string, preposition: string, slots: readonly OpenSlot[]): readonly string[] {
  return [...slots]
    .sort((left, right) => left.slot - right.slot)
    .map(({ slot, peer }) => `${state} ${slot} ${preposition} ${peer}`);
}

function factsById(basis: string): ReadonlyMap<string, string> {
  const lines = basis.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)] as const;
    }),
  );
}
