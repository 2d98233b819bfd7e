/** One node's own view, read in one round trip. */
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { movesSlotsAtomically, type Product } from '../model/flavor.ts';
import type { SlotMigration, View } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import type { ClusterNodesReader } from '../wire/cluster-nodes.ts';
import { flavorOf, parseInfo } from '../wire/info.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { parseGetSlotMigrations, parseMigrationStatus } from '../wire/slot-migrations.ts';
import type { Reply } from './cluster.ts';
import type { Connections } from './connections.ts';
import { loginRefusal } from './login-refusal.ts';

/** Throws UNREACHABLE, LOGIN, NOT_A_CLUSTER, PROTOCOL, or FAILED where the server refuses to tell. */
export async function readView(
  connections: Connections,
  readNodes: ClusterNodesReader,
  address: Address,
): Promise<View> {
  const replies = await connections.callMany(address, [argv.clusterNodes(), argv.clusterInfo(), argv.info()]);
  const [nodes, clusterInfo, info] = replies.map((reply) => textOf(reply, address));
  const infoFields = parseInfo(info ?? '');
  const flavor = flavorOf(infoFields);
  return {
    flavor,
    entries: readNodes(nodes ?? ''),
    clusterInfo: parseInfo(clusterInfo ?? ''),
    info: infoFields,
    // Asked separately, because servers that do not know the command would count an error for each check.
    migrations: movesSlotsAtomically(flavor) ? await readMigrations(connections, address, flavor.product) : [],
  };
}

async function readMigrations(
  connections: Connections,
  address: Address,
  product: Product,
): Promise<readonly SlotMigration[]> {
  const command = product === 'valkey' ? argv.clusterGetSlotMigrations() : argv.clusterMigrationStatusAll();
  const [reply] = await connections.callMany(address, [command]);
  // A user without the right to ask sees no migrations; everything else about the node is still true.
  if (reply instanceof ReplyError || reply === undefined) return [];
  return product === 'valkey' ? parseGetSlotMigrations(reply) : parseMigrationStatus(reply);
}

function textOf(reply: Reply | ReplyError, address: Address): string {
  if (typeof reply === 'string') return reply;
  const where = formatAddress(address);
  if (!(reply instanceof ReplyError))
    throw new OpsError('PROTOCOL', `Node ${where} answered with something that is not text.`);
  if (reply.kind === 'not-a-cluster') {
    throw new OpsError('NOT_A_CLUSTER', `[ERR] Node ${where} is not configured as a cluster node.`, {
      suggestions: ['Set "cluster-enabled yes" in the configuration of the server and restart it.'],
      cause: reply,
    });
  }
  if (reply.kind === 'login') throw loginRefusal(address, reply);
  throw new OpsError('FAILED', `Node ${where} replied with error: ${reply.message}`, { cause: reply });
}
