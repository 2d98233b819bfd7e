/** Takes nodes out of a cluster, reachable or dead, with their slots moved away first where that is asked for. */
import type { Finding } from '../check/finding.ts';
import { listInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { byId } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached, reachedNodes } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import type { MoverRequest } from './mover-choice.ts';
import { refTo } from './node-ref.ts';
import type { Hazard, Plan, Planned, Step } from './plan.ts';
import { removalHazards } from './removal-hazards.ts';
import { refuseRemoval } from './removal-refusals.ts';
import type { Place, Zones } from './replica-places.ts';
import { placeReplicas, placesIn } from './replica-places.ts';
import { planReshard } from './reshard.ts';
import { isRefused, selectNode } from './select-node.ts';
import { simulateEnd } from './simulate.ts';

export interface RemoveRequest {
  /** By id, the beginning of an id, or `host:port`. */
  readonly names: readonly string[];
  /**
   * Moves their slots away first: to these primaries, or, where `to` is null, evenly to all that stay and have slots. Null
   * refuses nodes with slots.
   */
  readonly drain: { readonly to: readonly string[] | null; readonly mover: MoverRequest } | null;
  readonly zones: Zones;
  /** `dead` refuses nodes that answer: forgetting alone would leave them believing that they are members. */
  readonly which: 'any' | 'dead';
}

/**
 * In this ORDER: slots; replicas of the removed nodes, which get other primaries BEFORE anybody forgets theirs; FORGET
 * everywhere; RESET of those that answer. RESET is last: others that still know a node would meet it again
 * (Valkey 8.1 and later). A node that nobody lists any more, because an earlier run was interrupted, is only reset.
 *
 * Refused: `unknown-node`, `ambiguous-node`, `has-slots`, `slots-of-dead-node`, `holds-keys`, `answers`, `nobody-left`,
 * and what `planReshard` refuses. Hazards: see `removal-hazards.ts`, and those of the moves.
 */
export function planRemoveNodes(topology: Topology, request: RemoveRequest): Planned {
  const selected = request.names.map((name) => selectOne(topology, name));
  const unknown = selected.filter(isRefused);
  const targets = [...new Set(selected.filter((one): one is TopologyNode => !isRefused(one)))];
  const refusals = [...unknown, ...refuseRemoval(topology, targets, request)];
  if (refusals.length > 0) return { ok: false, refusals };
  const drained = drain(topology, targets, request);
  if (!drained.ok) return drained;
  const after = simulateEnd(topology, drained.plan);
  const replicas = reattach(after, targets, request.zones);
  const plan: Plan = {
    version: 1,
    intention: intentionOf(targets, request, drained.plan.steps.length > 0),
    basis: basisOf(topology),
    steps: [...drained.plan.steps, ...replicas, ...goodbyes(after, targets)],
    hazards: [...removalHazards(topology, targets, replicas), ...drained.plan.hazards.filter(isStillTrue)],
  };
  return { ok: true, plan };
}

function selectOne(topology: Topology, name: string): TopologyNode | Finding {
  const selected = selectNode(topology, name);
  return isRefused(selected) && selected.rule === 'unknown-node'
    ? { ...selected, message: `No such node ID ${name}` }
    : selected;
}

function drain(topology: Topology, targets: readonly TopologyNode[], request: RemoveRequest): Planned {
  const full = targets.filter(({ entry }) => entry.slots.length > 0);
  const nothing: Plan = { version: 1, intention: '', basis: '', steps: [], hazards: [] };
  if (full.length === 0 || request.drain === null) return { ok: true, plan: nothing };
  const { to, mover } = request.drain;
  return planReshard(topology, {
    from: full.map(({ id }) => id),
    to: to ?? remainingPlaces(topology, targets).map(({ primary }) => primary.id),
    amount: { kind: 'all' },
    mover,
  });
}

/** The nodes that a drain empties are removed, so they do not become replicas of those that took their slots. */
function isStillTrue({ name }: Hazard): boolean {
  return name !== 'emptied-primary';
}

/** The primaries that stay, by id; only those with slots, unless there are none. */
function remainingPlaces(topology: Topology, targets: readonly TopologyNode[]): readonly Place[] {
  const gone = idsOf(targets);
  const places = placesIn(topology)
    .filter(({ primary }) => !gone.has(primary.id))
    .map(({ primary, replicas }) => ({ primary, replicas: replicas.filter(({ id }) => !gone.has(id)) }))
    .sort((a, b) => byId(a.primary, b.primary));
  const busy = places.filter(({ primary }) => primary.entry.slots.length > 0);
  return busy.length > 0 ? busy : places;
}

function reattach(
  topology: Topology,
  targets: readonly TopologyNode[],
  zones: Zones,
): readonly Extract<Step, { readonly kind: 'replicate' }>[] {
  const gone = idsOf(targets);
  const orphans = reachedNodes(topology).filter(
    ({ id, entry }) => !gone.has(id) && entry.primaryId !== null && gone.has(entry.primaryId),
  );
  const placed = placeReplicas(orphans, remainingPlaces(topology, targets), zones);
  return orphans.flatMap((node) => {
    const primary = placed.get(node.id);
    return primary === undefined ? [] : [{ kind: 'replicate', node: refTo(node), primary: refTo(primary) } as const];
  });
}

function goodbyes(topology: Topology, targets: readonly TopologyNode[]): readonly Step[] {
  const gone = idsOf(targets);
  const others = reachedNodes(topology).filter(({ id }) => !gone.has(id));
  const listed = new Set(others.flatMap(({ reach }) => reach.view.entries.map(({ id }) => id)));
  const known = targets.filter(({ id }) => listed.has(id));
  const by = others.map(refTo);
  return [
    ...(known.length === 0 ? [] : [{ kind: 'forget', nodes: known.map(refTo), by } as const]),
    ...targets
      .map(({ id }) => findNode(topology, id))
      .flatMap((node): readonly Step[] => (node && isReached(node) ? [{ kind: 'leave', node: refTo(node), by }] : [])),
  ];
}

function intentionOf(targets: readonly TopologyNode[], { which }: RemoveRequest, isDrained: boolean): string {
  const names = listInWords(targets.map((node) => refTo(node).address));
  if (which === 'dead') return `forget ${names}`;
  return isDrained ? `move all slots away from ${names}, then remove ${names}` : `remove ${names}`;
}

function idsOf(nodes: readonly TopologyNode[]): ReadonlySet<NodeId> {
  return new Set(nodes.map(({ id }) => id));
}
