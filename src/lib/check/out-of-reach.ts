/**
 * Is a node down, or only out of reach from here? An address inside a container network means nothing outside, and a login
 * may be refused. Such a node goes on serving, so nobody must be told to take its slots away.
 */
import { hasFlag } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { beliefsAbout } from '../model/topology.ts';

/**
 * True where the node gave no answer here, although another node is connected to it and none suspects it. A node that hangs
 * looks the same until the node timeout has passed.
 */
export function isOutOfReachOnly(topology: Topology, node: TopologyNode): boolean {
  if (node.reach.ok) return false;
  const beliefs = beliefsAbout(topology, node.id);
  return (
    beliefs.some(({ link }) => link === 'connected') &&
    beliefs.every((entry) => !hasFlag(entry, 'fail') && !hasFlag(entry, 'fail?'))
  );
}

/** The suggestion for such a node. */
export const HOW_TO_REACH =
  'The other nodes have not lost it. Unless it hangs since a moment ago, look at the way from here: network, login, or another address, given with --nat-map ANNOUNCED=REACHABLE.';
