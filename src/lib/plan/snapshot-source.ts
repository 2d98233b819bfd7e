/** Which node of a shard gives its snapshot? It costs the server a fork, so rather a replica, which serves no clients. */
import { isLinkUp } from '../check/replica-links.ts';
import type { Role } from '../model/node.ts';
import { byId, hasFlag } from '../model/node.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { isReached, replicasOf } from '../model/topology.ts';

/** A replica that is further behind than this is in trouble; anything less is caught up with in a moment. */
const LAG_BYTES_MAX = 16 * 1024 * 1024;

/**
 * A replica that is up to date, else the primary; null where the primary does not answer: then no replica is known to be up to
 * date. Of several replicas the one on the host that was picked least often so far (`picks`), then by id.
 */
export function snapshotSource(
  topology: Topology,
  primary: TopologyNode,
  prefer: Role,
  picks: ReadonlyMap<string, number>,
): ReachedNode | null {
  const replicas =
    prefer === 'replica' && isReached(primary)
      ? replicasOf(topology, primary.id)
          .filter(isReached)
          .filter((replica) => isUpToDate(replica, primary))
      : [];
  const load = (node: ReachedNode): number => picks.get(node.peerAddress.host) ?? 0;
  const [first] = [...replicas].sort((left, right) => load(left) - load(right) || byId(left, right));
  return first ?? (isReached(primary) ? primary : null);
}

/** True where the replica follows this primary's history, and is not far behind. */
function isUpToDate(replica: ReachedNode, primary: ReachedNode): boolean {
  if (!isLinkUp(replica) || hasFlag(replica.entry, 'fail')) return false;
  const own = replica.reach.view.info;
  const { master_sync_in_progress: syncing, slave_repl_offset: reached, master_replid: history } = own;
  const { master_repl_offset: written, master_replid: primaryHistory } = primary.reach.view.info;
  if (syncing === '1' || history !== primaryHistory) return false;
  return Number(written) - Number(reached) <= LAG_BYTES_MAX;
}
