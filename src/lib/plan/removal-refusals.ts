/** Why can these nodes not be taken out of this cluster? Everything at once, so that an operator mends it in one go. */
import type { Finding } from '../check/finding.ts';
import { countInWords, nameOf, slotsInWords } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import { roleOf } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached, keyCount, slotsHeldBy } from '../model/topology.ts';
import { refTo } from './node-ref.ts';
import type { RemoveRequest } from './remove-nodes.ts';
import { placesIn } from './replica-places.ts';

/** About each node in the operator's order, then about all together. */
export function refuseRemoval(
  topology: Topology,
  targets: readonly TopologyNode[],
  request: RemoveRequest,
): readonly Finding[] {
  return [
    ...targets.flatMap((node) => [
      ...refuseSlots(topology, node, request),
      ...refuseKeys(node),
      ...refuseLiving(topology, node, request),
    ]),
    ...refuseAll(topology, targets),
    ...refuseTargetsAsReceivers(targets, request),
  ];
}

/** The first sentence is redis-cli's. */
function refuseSlots(topology: Topology, node: TopologyNode, { drain }: RemoveRequest): readonly Finding[] {
  const slots = slotsHeldBy(topology, node);
  if (slots.length === 0 || (drain !== null && isReached(node) && node.entry.slots.length > 0)) return [];
  const [seed, name] = [formatAddress(topology.seed), refTo(node).address];
  const finding = { severity: 'error', nodeIds: [node.id], slots } as const;
  const message = `Node ${name} is not empty! Reshard data away and try again.`;
  if (!isReached(node)) {
    const suggestion = `${name} does not answer but owns ${slotsInWords(slots)}: start it again, or give the slots to other nodes with: cluster fix ${seed}`;
    return [{ ...finding, rule: 'slots-of-dead-node', message, suggestion }];
  }
  const suggestion =
    node.entry.slots.length === 0
      ? `Other nodes still take ${name} for the owner of ${slotsInWords(slots)}: see cluster check ${seed}`
      : `To move its slots away first: cluster del-node ${seed} ${node.id} --drain`;
  return [{ ...finding, rule: 'has-slots', message, suggestion }];
}

/** A primary with keys refuses CLUSTER RESET, on every server. As it owns no slots, nobody is served these keys. */
function refuseKeys(node: TopologyNode): readonly Finding[] {
  if (!isReached(node) || roleOf(node.entry) === 'replica' || node.entry.slots.length > 0) return [];
  const keys = keyCount(node.reach.view);
  if (keys === 0) return [];
  const message = `Node ${nameOf(node)} has no slots, but holds ${countInWords(keys, 'key')}, and cannot be reset.`;
  const suggestion = `If nobody needs them, send FLUSHALL to ${nameOf(node)} first.`;
  return [{ rule: 'holds-keys', severity: 'error', message, nodeIds: [node.id], suggestion }];
}

function refuseLiving(topology: Topology, node: TopologyNode, { which }: RemoveRequest): readonly Finding[] {
  if (which === 'any' || !isReached(node)) return [];
  return [
    {
      rule: 'answers',
      severity: 'error',
      message: `Node ${nameOf(node)} answers, and would go on believing that it is a member.`,
      nodeIds: [node.id],
      suggestion: `To remove and reset it: cluster del-node ${formatAddress(topology.seed)} ${node.id}`,
    },
  ];
}

function refuseAll(topology: Topology, targets: readonly TopologyNode[]): readonly Finding[] {
  if (targets.length === 0 || placesIn(topology).some(({ primary }) => !targets.includes(primary))) return [];
  const message = 'No primary that answers would be left in the cluster.';
  return [{ rule: 'nobody-left', severity: 'error', message, nodeIds: targets.map(({ id }) => id) }];
}

function refuseTargetsAsReceivers(targets: readonly TopologyNode[], { drain }: RemoveRequest): readonly Finding[] {
  const both = targets.filter((node) => drain?.to?.some((name) => node.id.startsWith(name) || nameOf(node) === name));
  return both.map((node) => ({
    rule: 'receiver-removed',
    severity: 'error',
    message: `Node ${nameOf(node)} cannot take slots: it is to be removed itself.`,
    nodeIds: [node.id],
    suggestion: 'Name other primaries with --to, or none.',
  }));
}
