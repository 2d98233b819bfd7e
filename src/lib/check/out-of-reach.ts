/**
 * Is a node down, or is it only from here that it cannot be reached? Containers and tunnels have addresses that mean
 * nothing elsewhere, and a login may be refused. Such a node serves, so nobody must be told to take its slots away.
 */
import { hasFlag } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { beliefsAbout } from '../model/topology.ts';

/**
 * True where it gave this program no answer although another node is connected to it and takes it for well. For the node
 * timeout that is so of one that hangs, too.
 */
export function isOutOfReachOnly(topology: Topology, node: TopologyNode): boolean {
  if (node.reach.ok) return false;
  const beliefs = beliefsAbout(topology, node.id);
  return (
    beliefs.some(({ link }) => link === 'connected') &&
    beliefs.every((entry) => !hasFlag(entry, 'fail') && !hasFlag(entry, 'fail?'))
  );
}

/** What to do about it. */
export const HOW_TO_REACH =
  'The other nodes have not lost it. Unless it hangs since a moment ago, look at the way from here: network, login, or another address, given with --nat-map ANNOUNCED=REACHABLE.';
