/** What should a person know before these nodes are removed? */
import { VOTERS_MIN } from '../check/host-majority.ts';
import { isLinkUp } from '../check/replica-links.ts';
import { countInWords, listInWords, nameOf } from '../check/words.ts';
import { hasFlag, isInService } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { beliefsAbout, isReached, primariesOf, replicasOf } from '../model/topology.ts';
import { refTo } from './node-ref.ts';
import type { Hazard, Step } from './plan.ts';

/**
 * `last-replica`, `few-primaries`, `majority-removed`, `still-connected` (others reach a node that this program does not),
 * and `cannot-be-told` (a member that does not answer may bring the removed nodes back). `replicas` are the steps that give
 * replicas of removed primaries another one.
 */
export function removalHazards(
  topology: Topology,
  targets: readonly TopologyNode[],
  replicas: readonly Extract<Step, { readonly kind: 'replicate' }>[],
): readonly Hazard[] {
  return [
    ...lastReplicas(topology, targets, replicas),
    ...voters(topology, targets),
    ...stillConnected(topology, targets),
    ...cannotBeTold(topology, targets),
  ];
}

function lastReplicas(
  topology: Topology,
  targets: readonly TopologyNode[],
  replicas: readonly Extract<Step, { readonly kind: 'replicate' }>[],
): readonly Hazard[] {
  const bared = primariesOf(topology).filter((primary) => {
    if (targets.includes(primary) || primary.entry.slots.length === 0) return false;
    const own = replicasOf(topology, primary.id);
    const isReplaced = replicas.some((step) => step.primary.id === primary.id);
    const isGuarded = isReplaced || own.some((node) => isLinkUp(node) && !targets.includes(node));
    return !isGuarded && own.some((node) => isReached(node) && targets.includes(node));
  });
  if (bared.length === 0) return [];
  const message = `${listInWords(bared.map(nameOf))} will have no healthy replica left: when ${bared.length === 1 ? 'it fails, its' : 'one fails, its'} slots are not served until it is back.`;
  return [{ name: 'last-replica', message }];
}

/** Only primaries with slots vote. */
function voters(topology: Topology, targets: readonly TopologyNode[]): readonly Hazard[] {
  const before = primariesOf(topology).filter(({ entry }) => entry.slots.length > 0);
  const removed = before.filter((node) => targets.includes(node));
  const left = before.length - removed.length;
  if (removed.length === 0) return [];
  const few = `Only ${countInWords(left, 'primary')} with slots will be left, so no replica takes over by itself when one fails.`;
  const many = `${removed.length} of ${before.length} primaries with slots, which is no minority, are removed at once.`;
  return [
    ...(left < VOTERS_MIN ? [{ name: 'few-primaries', message: few }] : []),
    ...(removed.length * 2 >= before.length ? [{ name: 'majority-removed', message: many }] : []),
  ];
}

function stillConnected(topology: Topology, targets: readonly TopologyNode[]): readonly Hazard[] {
  return targets
    .filter((node) => !isReached(node))
    .flatMap((node) => {
      const beliefs = beliefsAbout(topology, node.id);
      const healthy = beliefs.filter((entry) => isInService(entry) && entry.link === 'connected');
      if (healthy.length === 0) return [];
      const message = `${refTo(node).address} does not answer here, but ${healthy.length} of ${countInWords(beliefs.length, 'other node')} reach it: it cannot be reset, and may join again by itself.`;
      return [{ name: 'still-connected', message }];
    });
}

function cannotBeTold(topology: Topology, targets: readonly TopologyNode[]): readonly Hazard[] {
  const others = topology.nodes.filter(
    (node) =>
      !isReached(node) && !targets.includes(node) && node.address.host !== '' && !hasFlag(node.entry, 'handshake'),
  );
  if (others.length === 0) return [];
  const [verb, when] = others.length === 1 ? ['does', 'it comes'] : ['do', 'they come'];
  const message = `${listInWords(others.map(nameOf))} ${verb} not answer and cannot be told to forget: when ${when} back, what is removed now may be in the cluster again.`;
  return [{ name: 'cannot-be-told', message }];
}
