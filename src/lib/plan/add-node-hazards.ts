/** What should a person know before these nodes are added? */
import { listInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, hostOf } from '../model/topology.ts';
import { mixedServers } from './create-hazards.ts';
import type { Hazard, Newcomer } from './plan.ts';

/** `shard-on-one-host`, `mixed-products` and `mixed-versions`, where the new nodes are the reason. */
export function addHazards(
  topology: Topology,
  ids: readonly NodeId[],
  newcomers: readonly Newcomer[],
): readonly Hazard[] {
  const members = { ...topology, nodes: topology.nodes.filter(({ id }) => !ids.includes(id)) };
  const isMixedAlready = mixedServers(members).length > 0;
  return [...(isMixedAlready ? [] : mixedServers(topology)), ...besidePrimary(topology, newcomers)];
}

function besidePrimary(topology: Topology, newcomers: readonly Newcomer[]): readonly Hazard[] {
  const hostById = (id: NodeId): string | null => {
    const node = findNode(topology, id);
    return node === undefined ? null : hostOf(node);
  };
  const beside = newcomers.filter(
    ({ node, primary }) => primary !== null && hostById(node.id) === hostById(primary.id),
  );
  if (beside.length === 0) return [];
  const names = listInWords(beside.map(({ node }) => node.address));
  const [who, fate] = beside.length === 1 ? ['its primary', 'it'] : ['their primaries', 'them'];
  const verb = beside.length === 1 ? 'is' : 'are';
  const message = `${names} ${verb} on the host of ${who} and would fail with ${fate}.`;
  return [{ name: 'shard-on-one-host', message }];
}
