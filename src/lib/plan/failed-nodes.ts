/** Which nodes are only names any more, so that everybody may forget them? */
import { byId, hasFlag, type NodeEntry } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { beliefsAbout, isReached, slotsHeldBy } from '../model/topology.ts';

/**
 * Those that do not answer, that every reachable node which lists them flags as failed, without address or in handshake,
 * and that own no slots in any view. By id.
 */
export function failedNodes(topology: Topology): readonly TopologyNode[] {
  return lostNodes(topology).filter((node) => slotsHeldBy(topology, node).length === 0);
}

/** As {@link failedNodes}, but with slots: these have to be given to others first. */
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
