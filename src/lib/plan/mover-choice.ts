/** How are the slots of each pair moved: inside the servers, or key by key? */
import type { Finding } from '../check/finding.ts';
import { groupBy } from '../check/group.ts';
import { listInWords, nameOf } from '../check/words.ts';
import type { Product } from '../model/flavor.ts';
import { formatFlavor, movesSlotsAtomically } from '../model/flavor.ts';
import type { ReachedNode } from '../model/topology.ts';
import type { SlotFlow } from './moves.ts';
import type { Hazard, MoverKind } from './plan.ts';

/** `auto`: atomic between two servers that can, else key by key. */
export type MoverRequest = 'auto' | MoverKind;

/** The mover of the pair; where `atomic` is asked for, {@link refuseAtomic} has refused the pairs that cannot. */
export function moverFor({ source, target }: SlotFlow, request: MoverRequest): MoverKind {
  if (request !== 'auto') return request;
  return canAtomically(source) && canAtomically(target) && productOf(source) === productOf(target)
    ? 'atomic'
    : 'key-wise';
}

/** Refuses, as `mover-unavailable`, atomic moves that cannot be: a finding for each version, and one for mixed products. */
export function refuseAtomic(flows: readonly SlotFlow[], request: MoverRequest): readonly Finding[] {
  if (request !== 'atomic') return [];
  const nodes = [
    ...new Map(flows.flatMap(({ source, target }) => [source, target]).map((node) => [node.id, node])).values(),
  ];
  const unable = groupBy(
    nodes.filter((node) => !canAtomically(node)),
    (node) => formatFlavor(node.reach.view.flavor),
  );
  const mixed = flows.filter(
    ({ source, target }) => canAtomically(source) && canAtomically(target) && productOf(source) !== productOf(target),
  );
  return [
    ...[...unable].map(([flavor, some]) =>
      unavailable(`${flavor} cannot move slots atomically: ${listInWords(some.map(nameOf))}.`, some),
    ),
    ...mixed
      .slice(0, 1)
      .map(({ source, target }) =>
        unavailable(
          `${inWords(source)} and ${inWords(target)} cannot move slots to each other atomically: they are different products.`,
          [source, target],
        ),
      ),
  ];
}

/** The hazard `mover-falls-back`: slots move key by key although one side of a pair could move them atomically. */
export function fallBackHazard(flows: readonly SlotFlow[], request: MoverRequest): readonly Hazard[] {
  if (request !== 'auto') return [];
  const fallen = flows.filter(
    (flow) => moverFor(flow, request) === 'key-wise' && (canAtomically(flow.source) || canAtomically(flow.target)),
  );
  if (fallen.length === 0) return [];
  const pairs = fallen.map(({ source, target }) => `from ${inWords(source)} to ${inWords(target)}`);
  const message = `Slots move key by key, which is slower, where not both sides can move them atomically: ${listInWords(pairs)}.`;
  return [{ name: 'mover-falls-back', message }];
}

function canAtomically(node: ReachedNode): boolean {
  return movesSlotsAtomically(node.reach.view.flavor);
}

function productOf(node: ReachedNode): Product {
  return node.reach.view.flavor.product;
}

/** `10.0.0.1:7000 (Redis 7.0.15)`. */
function inWords(node: ReachedNode): string {
  return `${nameOf(node)} (${formatFlavor(node.reach.view.flavor)})`;
}

function unavailable(message: string, nodes: readonly ReachedNode[]): Finding {
  return {
    rule: 'mover-unavailable',
    severity: 'error',
    message,
    nodeIds: nodes.map(({ id }) => id),
    suggestion: 'Moving atomically takes Valkey 9.0 or Redis 8.4 on both sides; every server moves slots key by key.',
  };
}
