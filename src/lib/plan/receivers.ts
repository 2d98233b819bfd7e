/** Which primaries take the keys of an import or of a restoration? */
import { byId } from '../model/node.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';

/** The primaries that answer and own slots, sorted by id. */
export function receiversOf(topology: Topology): readonly ReachedNode[] {
  return primariesOf(topology)
    .filter(isReached)
    .filter(({ entry }) => entry.slots.length > 0)
    .sort(byId);
}
