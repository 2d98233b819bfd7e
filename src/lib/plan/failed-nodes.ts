/** Which nodes have failed for good, as far as all others know? */
import { byId, hasFlag, type NodeEntry } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { beliefsAbout, isReached, slotsHeldBy } from '../model/topology.ts';

/**
 * Nodes that everybody may forget: they do not answer, every node that lists them flags them as failed, without address or in
 * handshake, and they own no slots in any view. By id.
 */
export function failedNodes(topology: Topology): readonly TopologyNode[] {
  return lostNodes(topology).filter((node) => slotsHeldBy(topology, node).length === 0);
}

/** Nodes that failed likewise but own slots: others must have these before the nodes are forgotten. By id. */
export function failedOwners(topology: Topology): readonly TopologyNode[] {
  return lostNodes(topology).filter((node) => slotsHeldBy(topology, node).length > 0);
}

function lostNodes(topology: Topology): readonly TopologyNode[] {
  return topology.nodes
    .filter((node) => !isReached(node))
    .filter(({ id }) => {
      const beliefs = beliefsAbout(topology, id);
      return beliefs.length > 0 && beliefs.every(isLost);
    })
    .sort(byId);
}

function isLost(entry: NodeEntry): boolean {
  return (['fail', 'noaddr', 'handshake'] as const).some((flag) => hasFlag(entry, flag));
}
