/**
 * Which nodes count for the verdict on slots: those that redis-cli counts, so that both give the same verdict.
 *
 * redis-cli 7.0-8.0 asks one node for the others, connects to each, and leaves out those that do not answer and those
 * that the asked node flags `fail` or `noaddr`. `fail?` and `handshake` count. Nodes that the asked node does not know
 * at all do not exist for it: a client that asks the same node cannot find their slots either.
 */
import { formatAddress } from '../model/address.ts';
import { hasFlag } from '../model/node.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, reachedNodes } from '../model/topology.ts';

/** In the topology's order. All reached nodes where the seed itself was not reached. */
export function countedNodes(topology: Topology): readonly ReachedNode[] {
  const seed = topology.nodes[0];
  if (seed === undefined || !isReached(seed)) return reachedNodes(topology);
  const entries = seed.reach.view.entries;
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  // During a handshake the asked node knows a node by a made-up id: only the address is right.
  const byAddress = new Map(
    entries.filter((entry) => hasFlag(entry, 'handshake')).map((entry) => [formatAddress(entry.address), entry]),
  );
  return reachedNodes(topology).filter((node) => {
    const entry = byId.get(node.id) ?? byAddress.get(formatAddress(node.peerAddress));
    return node === seed || (entry !== undefined && !hasFlag(entry, 'fail') && !hasFlag(entry, 'noaddr'));
  });
}
