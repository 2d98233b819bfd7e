/** Which primaries take part in a rebalance, and with which weight? */
import type { Finding } from '../check/finding.ts';
import { listInWords, nameOf } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { byId, hasFlag, roleOf } from '../model/node.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import type { Hazard } from './plan.ts';
import type { RebalanceRequest } from './rebalance.ts';
import { isRefused, selectNode } from './select-node.ts';
import { refuseUnreached } from './unreached.ts';

export interface Weighted {
  readonly node: ReachedNode;
  readonly weight: number;
}

export interface Balancing {
  /** By id. */
  readonly involved: readonly Weighted[];
  /** `left-out`: which empty primaries get nothing, although empty ones were asked for. */
  readonly hazards: readonly Hazard[];
}

/** As redis-cli, which takes any beginning of an id here: `--cluster-weight a=2`. */
const WEIGHT_PREFIX_LENGTH_MIN = 1;

/**
 * The primaries with slots, and those without that a weight names or that `useEmptyPrimaries` asks for. Refused as
 * `unknown-node`, `ambiguous-node`, `bad-weight`, `no-weight` (all are 0) and `unreachable`.
 */
export function selectBalancing(topology: Topology, request: RebalanceRequest): Balancing | readonly Finding[] {
  const { weights, refusals } = readWeights(topology, request.weights);
  const candidates = primariesOf(topology)
    .filter(({ id, entry }) => entry.slots.length > 0 || request.useEmptyPrimaries || weights.has(id))
    .sort(byId);
  const lost = candidates.filter((node) => isLost(node) && !weights.has(node.id));
  const nodes = candidates.filter((node) => !lost.includes(node));
  const total = nodes.reduce((sum, { id }) => sum + (weights.get(id) ?? 1), 0);
  const all = [
    ...refusals,
    ...nodes.flatMap((node) => refuseUnreached(node, 'cannot be rebalanced')),
    ...(refusals.length === 0 && total === 0 ? [NO_WEIGHT] : []),
  ];
  if (all.length > 0) return all;
  return {
    involved: nodes.filter(isReached).map((node) => ({ node, weight: weights.get(node.id) ?? 1 })),
    hazards: lost.length === 0 ? [] : [{ name: 'left-out', message: leftOut(lost) }],
  };
}

const NO_WEIGHT: Finding = {
  rule: 'no-weight',
  severity: 'error',
  message: 'Every primary that takes part has the weight 0, so nobody is left to have the slots.',
  nodeIds: [],
  suggestion: 'Give at least one primary a weight above 0, or let empty ones take part.',
};

interface Weights {
  readonly weights: ReadonlyMap<NodeId, number>;
  readonly refusals: readonly Finding[];
}

function readWeights(topology: Topology, named: ReadonlyMap<string, number>): Weights {
  const weights = new Map<NodeId, number>();
  const refusals: Finding[] = [];
  for (const [name, weight] of named) {
    const node = selectNode(topology, name, WEIGHT_PREFIX_LENGTH_MIN);
    if (isRefused(node)) {
      refusals.push(node.rule === 'unknown-node' ? { ...node, message: noSuch(name) } : node);
    } else if (roleOf(node.entry) === 'replica') {
      const suggestion = `${nameOf(node)} is a replica: only primaries have weights.`;
      refusals.push({ rule: 'not-primary', severity: 'error', message: noSuch(name), nodeIds: [node.id], suggestion });
    } else if (!Number.isFinite(weight) || weight < 0) {
      refusals.push(badWeight(node, `A weight is a number from 0 up, not ${weight} as for ${nameOf(node)}.`));
    } else if ((weights.get(node.id) ?? weight) !== weight) {
      refusals.push(badWeight(node, `${nameOf(node)} is given two weights: ${weights.get(node.id)} and ${weight}.`));
    } else weights.set(node.id, weight);
  }
  return { weights, refusals };
}

function noSuch(name: string): string {
  return `*** No such master node ${name}`;
}

function badWeight(node: TopologyNode, message: string): Finding {
  return { rule: 'bad-weight', severity: 'error', message, nodeIds: [node.id] };
}

/** What a failover leaves of a dead primary: it has no slots, and nobody expects it back soon. */
function isLost(node: TopologyNode): boolean {
  return !isReached(node) && node.entry.slots.length === 0 && hasFlag(node.entry, 'fail');
}

function leftOut(nodes: readonly TopologyNode[]): string {
  return `${listInWords(nodes.map(nameOf))} ${nodes.length === 1 ? 'has' : 'have'} failed and will be given no slots.`;
}
