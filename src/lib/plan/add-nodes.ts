/** Makes nodes members of a cluster: as empty primaries, which may be given slots at once, or as replicas. */
import { present } from '../assert.ts';
import { countInWords, listInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached, reachedNodes } from '../model/topology.ts';
import { addHazards } from './add-node-hazards.ts';
import { refuseNewcomers } from './add-node-refusals.ts';
import { basisOf } from './basis.ts';
import type { MoverRequest } from './mover-choice.ts';
import { refTo } from './node-ref.ts';
import type { Newcomer, NodeRef, Plan, Planned, Step } from './plan.ts';
import { planRebalance, THRESHOLD_PERCENT_DEFAULT } from './rebalance.ts';
import type { Zones } from './replica-places.ts';
import { placeReplicas, placesIn } from './replica-places.ts';
import { isRefused, type Selected, selectPrimary } from './select-node.ts';
import { simulateEnd } from './simulate.ts';

/** The functions of a node compared with those of the cluster. An interrupted run may have copied them: `same`. */
export type FunctionState = 'none' | 'same' | 'other';

/** The functions that every primary must have: a function that is called where it is missing fails. */
export interface Functions {
  /** A node that has them; null where the cluster has none, or its servers have no functions. */
  readonly source: NodeRef | null;
  /** What the new nodes have. */
  readonly states: ReadonlyMap<NodeId, FunctionState>;
}

export interface AddRequest {
  /** The new nodes, as the operator named them. */
  readonly ids: readonly NodeId[];
  /** `of` is the name of a primary; null leaves the choice to `replica-places.ts`. */
  readonly role: { readonly kind: 'primary' } | { readonly kind: 'replica'; readonly of: string | null };
  readonly zones: Zones;
  readonly functions: Functions;
  /** Gives the new primaries their share of the slots; null leaves them empty. */
  readonly rebalance: { readonly mover: MoverRequest } | null;
}

/**
 * `topology` has the cluster and, with their own views, the new nodes. In this ORDER: config epochs, which a node takes
 * only while it knows nobody, so that of two operators who want the same node one is refused; functions; the meeting;
 * replicas, which have to know their primary; the wait until all nodes see it so; slots. What an interrupted run has done
 * already is left out, so there are no steps where all nodes are what they are to be.
 *
 * Refused: `unhealthy` (followed by the findings), `unreachable`, `not-empty`, `same-node-twice`, `has-functions`,
 * `unknown-primary`, `ambiguous-node`, `not-primary`, and what `planRebalance` refuses. Hazards: `shard-on-one-host`,
 * `mixed-products`, `mixed-versions`, and those of the moves.
 */
export function planAddNodes(topology: Topology, request: AddRequest): Planned {
  const primary = primaryFor(topology, request);
  if (primary !== null && isRefused(primary)) return { ok: false, refusals: [primary] };
  const refusals = refuseNewcomers(topology, request, primary);
  if (refusals.length > 0) return { ok: false, refusals };
  const nodes = request.ids.map((id) => memberOf(topology, id));
  const newcomers = rolesOf(topology, request, nodes, primary);
  const setUp = stepsFor(topology, request, nodes, newcomers);
  const plan: Plan = {
    version: 1,
    intention: intentionOf(newcomers, request),
    basis: basisOf(topology),
    steps: setUp,
    hazards: addHazards(topology, request.ids, newcomers),
  };
  return request.rebalance === null ? { ok: true, plan } : withShare(topology, plan, request.rebalance.mover, nodes);
}

function primaryFor(topology: Topology, { role, ids }: AddRequest): Selected | null {
  if (role.kind === 'primary' || role.of === null) return null;
  const selected = selectPrimary({ ...topology, nodes: topology.nodes.filter(({ id }) => !ids.includes(id)) }, role.of);
  if (!isRefused(selected) || selected.rule === 'ambiguous-node') return selected;
  return { ...selected, rule: 'unknown-primary', message: `No such master ID ${role.of}` };
}

function memberOf(topology: Topology, id: NodeId): ReachedNode {
  const node = present(findNode(topology, id), 'the new nodes are in the topology');
  return present(isReached(node) ? node : null, 'a new node that does not answer was refused');
}

/** The role of each new node. One that an interrupted run has made a replica stays with its primary. */
function rolesOf(
  topology: Topology,
  { ids, role, zones }: AddRequest,
  nodes: readonly ReachedNode[],
  primary: TopologyNode | null,
): readonly Newcomer[] {
  if (role.kind === 'primary') return nodes.map((node) => ({ node: refTo(node), primary: null }));
  const seated = nodes.filter(({ entry }) => roleOf(entry) === 'replica');
  const others = nodes.filter((node) => !seated.includes(node));
  const places = placesIn(topology).filter((place) => !ids.includes(place.primary.id));
  const placed = primary === null && others.length > 0 ? placeReplicas(others, places, zones) : new Map();
  return nodes.map((node): Newcomer => {
    const own = node.entry.primaryId === null ? undefined : findNode(topology, node.entry.primaryId);
    const chosen = primary ?? own ?? placed.get(node.id);
    return { node: refTo(node), primary: refTo(present(chosen, 'every replica has a primary')) };
  });
}

function stepsFor(
  topology: Topology,
  { ids, functions }: AddRequest,
  nodes: readonly ReachedNode[],
  newcomers: readonly Newcomer[],
): readonly Step[] {
  const members = reachedNodes(topology).filter(({ id }) => !ids.includes(id));
  const refs = newcomers.map(({ node }) => node);
  const { source } = functions;
  const bare = newcomers.filter(({ node, primary }) => primary === null && functions.states.get(node.id) === 'none');
  const unattached = newcomers.filter(
    ({ node, primary }) => primary !== null && findNode(topology, node.id)?.entry.primaryId !== primary.id,
  );
  const isJoined = [...members, ...nodes].every((node) => knowsAll(node, [...members, ...nodes]));
  const isSettled = nodes.every(isServing) && isJoined && unattached.length === 0;
  return [
    ...epochSteps(topology, nodes),
    ...(source === null ? [] : bare.map(({ node }): Step => ({ kind: 'copy-functions', node, source }))),
    ...(isJoined ? [] : [{ kind: 'join', nodes: [...members.map(refTo), ...refs], newcomers: refs } as const]),
    ...unattached.flatMap(({ node, primary }): readonly Step[] =>
      primary === null ? [] : [{ kind: 'replicate', node, primary }],
    ),
    ...(isSettled ? [] : [{ kind: 'settle', newcomers, members: members.map(refTo) } as const]),
  ];
}

/** Epochs above all others, so that none collides after the meeting. */
function epochSteps(topology: Topology, nodes: readonly ReachedNode[]): readonly Step[] {
  const views = reachedNodes(topology).map(({ reach }) => reach.view);
  const current = views.map(({ clusterInfo }) => Number(clusterInfo['cluster_current_epoch'] ?? 0));
  const configured = views.flatMap(({ entries }) => entries.map(({ configEpoch }) => configEpoch));
  const highest = [...current, ...configured].reduce((max, epoch) => Math.max(max, epoch), 0);
  return nodes
    .filter(({ entry, reach }) => entry.configEpoch === 0 && reach.view.entries.length === 1)
    .map((node, index) => ({ kind: 'set-epoch', node: refTo(node), epoch: highest + 1 + index }));
}

function knowsAll({ reach }: ReachedNode, nodes: readonly ReachedNode[]): boolean {
  const known = new Set(reach.view.entries.filter((entry) => !hasFlag(entry, 'handshake')).map(({ id }) => id));
  return nodes.every(({ id }) => known.has(id));
}

function isServing({ entry, reach }: ReachedNode): boolean {
  const { cluster_state: state } = reach.view.clusterInfo;
  const { master_link_status: link } = reach.view.info;
  return state === 'ok' && (roleOf(entry) === 'primary' || link === 'up');
}

/** The plan, followed by the moves that are planned for the cluster as it will be by then. */
function withShare(topology: Topology, plan: Plan, mover: MoverRequest, nodes: readonly ReachedNode[]): Planned {
  const joined = simulateEnd(topology, plan);
  const share = planRebalance(joined, {
    weights: new Map(nodes.map(({ id }) => [id, 1])),
    useEmptyPrimaries: false,
    thresholdPercent: THRESHOLD_PERCENT_DEFAULT,
    mover,
  });
  if (!share.ok) return share;
  const { steps, hazards } = share.plan;
  return { ok: true, plan: { ...plan, steps: [...plan.steps, ...steps], hazards: [...plan.hazards, ...hazards] } };
}

/** `add 10.0.0.4:7000 as a replica of 10.0.0.1:7000`, `add 10.0.0.4:7000 and 10.0.0.5:7000 as primaries with slots`. */
function intentionOf(newcomers: readonly Newcomer[], { rebalance }: AddRequest): string {
  const names = listInWords(newcomers.map(({ node }) => node.address));
  const primaries = new Set(newcomers.map(({ primary }) => primary?.address ?? null));
  const [primary = null] = primaries;
  if (primary === null) {
    const role = newcomers.length === 1 ? 'a primary' : 'primaries';
    return `add ${names} as ${role} ${rebalance === null ? 'without slots' : 'with slots'}`;
  }
  const of = primaries.size === 1 ? primary : countInWords(primaries.size, 'primary');
  return `add ${names} as ${newcomers.length === 1 ? 'a replica' : 'replicas'} of ${of}`;
}
