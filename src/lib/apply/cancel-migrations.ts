/** Cancelling what servers move by themselves. Each slot then stays where it was, with all its keys. */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { SlotMigration, Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import { type Argv, argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';

/** Valkey: all jobs of each source. Redis: each task, at its target FIRST. Throws FAILED where a server refuses. */
export async function cancelMigrations(
  cluster: Cluster,
  topology: Topology,
  migrations: readonly SlotMigration[],
): Promise<void> {
  const asked = new Set<string>();
  for (const { id, sourceId, targetId } of migrations) {
    const [source, target] = [sourceId, targetId].map((each) => (each === null ? undefined : findNode(topology, each)));
    const isValkey = source !== undefined && isReached(source) && source.reach.view.flavor.product === 'valkey';
    for (const node of isValkey ? [source] : [target, source]) {
      const task = `${isValkey ? '' : id}${node?.id}`;
      if (node === undefined || asked.has(task)) continue;
      asked.add(task);
      await cancelAt(cluster, node, isValkey ? argv.clusterCancelSlotMigrations() : argv.clusterMigrationCancel(id));
    }
  }
}

async function cancelAt(cluster: Cluster, { address }: TopologyNode, command: Argv): Promise<void> {
  const [reply] = await cluster.callMany(address, [command]);
  // It may have ended a moment ago.
  if (reply instanceof ReplyError && !/^ERR No migrations ongoing/i.test(reply.message))
    throw new OpsError('FAILED', `Node ${formatAddress(address)} refused to cancel: ${reply.message}`, {
      cause: reply,
    });
}
