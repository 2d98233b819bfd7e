/**
 * Makes nodes empty and unknown again: after a `create` that failed or was interrupted. A reset gives a node another id, so
 * nothing in the same plan can name it afterwards: observe again.
 */
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, nameById, nameOf } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached, keyCount } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { refTo } from './node-ref.ts';
import type { Hazard, Planned } from './plan.ts';
import { refuseUnreached } from './unreached.ts';

/**
 * A reset for each of the nodes that is not new already. Refused for nodes that hold keys, do not answer, or are not
 * in the topology. The hazard `still-known` says that nodes which are not reset would go on looking for one that is.
 */
export function planReset(topology: Topology, ids: ReadonlySet<NodeId>, intention: string): Planned {
  const nodes = topology.nodes.filter((node) => ids.has(node.id) && !isNew(node));
  const refusals = [...missing(topology, ids), ...nodes.flatMap(refuse)];
  if (refusals.length > 0) return { ok: false, refusals };
  return {
    ok: true,
    plan: {
      version: 1,
      intention,
      basis: basisOf(topology),
      steps: nodes.map((node) => ({ kind: 'reset', node: refTo(node) })),
      hazards: nodes.flatMap((node) => stillKnown(topology, ids, node)),
    },
  };
}

/** Knows nobody, owns nothing, and never took part in an election: a reset would only change its id. */
function isNew(node: TopologyNode): boolean {
  const { entry } = node;
  const isAlone = isReached(node) && node.reach.view.entries.length === 1;
  return isAlone && roleOf(entry) === 'primary' && entry.slots.length === 0 && entry.configEpoch === 0;
}

function missing(topology: Topology, ids: ReadonlySet<NodeId>): readonly Finding[] {
  return [...ids]
    .filter((id) => findNode(topology, id) === undefined)
    .map((id) => ({
      rule: 'unknown-node',
      severity: 'error',
      message: `Node ${id} is to be reset, but it is not among the nodes that were asked.`,
      nodeIds: [id],
      suggestion: 'Name the address of every node of the interrupted run.',
    }));
}

function refuse(node: TopologyNode): readonly Finding[] {
  if (!isReached(node)) return refuseUnreached(node, 'cannot be reset');
  const keys = keyCount(node.reach.view);
  if (keys === 0) return [];
  const message = `Node ${nameOf(node)} cannot be reset: it holds ${countInWords(keys, 'key')}.`;
  return [
    {
      rule: 'holds-keys',
      severity: 'error',
      message,
      nodeIds: [node.id],
      suggestion: `If nobody needs its keys, send FLUSHALL to ${nameOf(node)} first.`,
    },
  ];
}

function stillKnown(topology: Topology, ids: ReadonlySet<NodeId>, node: TopologyNode): readonly Hazard[] {
  if (!isReached(node)) return [];
  const others = node.reach.view.entries.map(({ id }) => id).filter((id) => id !== node.id && !ids.has(id));
  if (others.length === 0) return [];
  const names = listInWords(others.map((id) => nameById(topology, id)));
  const message = `Node ${nameOf(node)} is in a cluster with nodes that are not reset and will miss it: ${names}.`;
  return [{ name: 'still-known', message }];
}
