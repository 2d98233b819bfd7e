/** Who gives slots in a reshard, and who takes them? */
import type { Finding } from '../check/finding.ts';
import { nameOf } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { byId } from '../model/node.ts';
import { countSlots, intersectSlots } from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import type { Hazard } from './plan.ts';
import type { ReshardRequest } from './reshard.ts';
import { isRefused, selectPrimary } from './select-node.ts';
import { refuseUnreached } from './unreached.ts';

export interface Parties {
  /** Those with the most slots first, then by id; none of them is a target. */
  readonly sources: readonly ReachedNode[];
  /** As named. */
  readonly targets: readonly ReachedNode[];
  /** `target-as-source`: which named sources were left out, because they are targets. */
  readonly hazards: readonly Hazard[];
}

/**
 * Refused, for each name that cannot be used, as `unknown-node`, `ambiguous-node`, `not-primary` or `unreachable`; as
 * `no-target`; and, in redis-cli's words, as `no-source` where nobody is left to give.
 */
export function selectParties(topology: Topology, request: ReshardRequest): Parties | readonly Finding[] {
  const targets = selectAll(topology, request.to);
  const named = Array.isArray(request.from) ? selectAll(topology, request.from) : EMPTY;
  const isTarget = ({ id }: TopologyNode): boolean => targets.nodes.some((target) => target.id === id);
  const sources = (Array.isArray(request.from) ? named.nodes : owners(topology, request)).filter(
    (node) => !isTarget(node),
  );
  const unreached = [
    ...sources.flatMap((node) => refuseUnreached(node, 'cannot give slots')),
    ...targets.nodes.flatMap((node) => refuseUnreached(node, 'cannot take slots')),
  ];
  const own = named.nodes.filter(isTarget);
  const refusals = [
    ...targets.refusals,
    ...named.refusals,
    ...unreached,
    ...(request.to.length === 0 ? [NO_TARGET] : []),
    ...(sources.length === 0 && named.refusals.length === 0 && needsSources(request) ? [noSource(own)] : []),
  ];
  if (refusals.length > 0) return refusals;
  return {
    sources: sources.filter(isReached).sort(mostSlotsFirst),
    targets: targets.nodes.filter(isReached),
    hazards: own.map((node) => ({ name: 'target-as-source', message: leftOut(node) })),
  };
}

interface Selection {
  /** Each once, however often it is named. */
  readonly nodes: readonly TopologyNode[];
  readonly refusals: readonly Finding[];
}

const EMPTY: Selection = { nodes: [], refusals: [] };

const NO_TARGET: Finding = {
  rule: 'no-target',
  severity: 'error',
  message: 'No receiving node is given.',
  nodeIds: [],
  suggestion: 'Name the primary that is to have the slots with --to.',
};

function selectAll(topology: Topology, names: readonly string[]): Selection {
  const selected = names.map((name) => selectPrimary(topology, name));
  const nodes = new Map<NodeId, TopologyNode>();
  for (const one of selected) if (!isRefused(one)) nodes.set(one.id, one);
  return { nodes: [...nodes.values()], refusals: selected.filter(isRefused) };
}

/** The primaries that own any of the slots in question. */
function owners(topology: Topology, { from, amount }: ReshardRequest): readonly TopologyNode[] {
  if (amount.kind === 'ranges')
    return primariesOf(topology).filter(({ entry }) => intersectSlots(entry.slots, amount.slots).length > 0);
  return from === 'all' ? primariesOf(topology).filter(({ entry }) => entry.slots.length > 0) : [];
}

/** False where there may be no sources: when only targets own the slots in question, there is nothing to do. */
function needsSources({ from, amount }: ReshardRequest): boolean {
  return Array.isArray(from) || amount.kind === 'count' || (from === undefined && amount.kind === 'all');
}

function noSource(own: readonly TopologyNode[]): Finding {
  return {
    rule: 'no-source',
    severity: 'error',
    message: '*** No source nodes given, operation aborted.',
    nodeIds: own.map(({ id }) => id),
    suggestion: [...own.map(leftOut), 'Name other primaries with --from, or all of them with --from all.'].join(' '),
  };
}

/** The first sentence is redis-cli's. */
function leftOut(node: TopologyNode): string {
  return `*** It is not possible to use the target node as source node. ${nameOf(node)} gives nothing.`;
}

function mostSlotsFirst(left: TopologyNode, right: TopologyNode): number {
  return countSlots(right.entry.slots) - countSlots(left.entry.slots) || byId(left, right);
}
