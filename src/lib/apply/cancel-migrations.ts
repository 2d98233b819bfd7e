/** Cancelling what servers move by themselves. Each slot then stays where it was, with all its keys. */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { SlotMigration, Topology } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';

/** Valkey: all jobs of each source. Redis: each task, at its target. Throws FAILED where a server refuses. */
export async function cancelMigrations(
  cluster: Cluster,
  topology: Topology,
  migrations: readonly SlotMigration[],
): Promise<void> {
  const asked = new Set<string>();
  for (const { id, sourceId, targetId } of migrations) {
    const [source, target] = [sourceId, targetId].map((each) => (each === null ? undefined : findNode(topology, each)));
    const isValkey = source !== undefined && isReached(source) && source.reach.view.flavor.product === 'valkey';
    const node = isValkey ? source : target;
    if (node === undefined || asked.has(`${isValkey ? '' : id}${node.id}`)) continue;
    asked.add(`${isValkey ? '' : id}${node.id}`);
    const command = isValkey ? argv.clusterCancelSlotMigrations() : argv.clusterMigrationCancel(id);
    const [reply] = await cluster.callMany(node.address, [command]);
    // It may have ended a moment ago.
    if (reply instanceof ReplyError && !/^ERR No migrations ongoing/i.test(reply.message))
      throw new OpsError('FAILED', `Node ${formatAddress(node.address)} refused to cancel: ${reply.message}`, {
        cause: reply,
      });
  }
}
