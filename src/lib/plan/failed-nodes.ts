/** Which nodes are only names any more, so that everybody may forget them? */
import { byId, hasFlag } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached, reachedNodes } from '../model/topology.ts';
import { slotsHeldBy } from './remove-nodes.ts';

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
  const views = reachedNodes(topology).map(({ reach }) => reach.view.entries);
  return topology.nodes
    .filter((node) => !isReached(node))
    .filter(({ id }) => {
      const entries = views.flatMap((view) => view.filter((entry) => entry.id === id));
      const isLost = (entry: (typeof entries)[number]): boolean =>
        (['fail', 'noaddr', 'handshake'] as const).some((flag) => hasFlag(entry, flag));
      return entries.length > 0 && entries.every(isLost);
    })
    .sort(byId);
}
