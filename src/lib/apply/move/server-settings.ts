/** What a move must know of how the source is configured. A user without the right to ask gets the cautious answer. */
import type { TopologyNode } from '../../model/topology.ts';
import type { Cluster } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';

/** Two MIGRATEs that hang one after the other must not make the cluster believe that the source failed as well. */
const SHARE_OF_NODE_TIMEOUT = 0.35;
const MIGRATE_TIMEOUT_MS_MIN = 300;
const MIGRATE_TIMEOUT_MS_MAX = 10_000;
/** Where the node timeout is not told: safe with the default of 15000 ms and with most that are shorter. */
const MIGRATE_TIMEOUT_MS_CAUTIOUS = 2000;

/** The server's bound on each wait of a MIGRATE, in milliseconds. */
export async function migrateTimeoutOf(cluster: Cluster, node: TopologyNode): Promise<number> {
  const nodeTimeoutMs = await readNumber(cluster, node, 'cluster-node-timeout');
  if (nodeTimeoutMs === null) return MIGRATE_TIMEOUT_MS_CAUTIOUS;
  const share = Math.floor(nodeTimeoutMs * SHARE_OF_NODE_TIMEOUT);
  return Math.min(Math.max(share, MIGRATE_TIMEOUT_MS_MIN), MIGRATE_TIMEOUT_MS_MAX);
}

/**
 * The logical databases that may hold keys: more than one only in Valkey 9.0 and later (`cluster-databases`). Where the
 * setting is not told, those up to the last that holds keys: one that were left out would lose its keys with the slot.
 */
export async function databasesOf(cluster: Cluster, node: TopologyNode): Promise<readonly number[]> {
  const count = (await readNumber(cluster, node, 'cluster-databases')) ?? databasesWithKeys(node);
  return Array.from({ length: Math.max(count, 1) }, (_, database) => database);
}

function databasesWithKeys({ reach }: TopologyNode): number {
  const fields = reach.ok ? Object.keys(reach.view.info) : [];
  const numbers = fields.flatMap((field) => /^db(\d+)$/.exec(field)?.[1] ?? []).map(Number);
  return Math.max(0, ...numbers) + 1;
}

async function readNumber(cluster: Cluster, { address }: TopologyNode, name: string): Promise<number | null> {
  const [reply] = await cluster.callMany(address, [argv.configGet(name)]);
  const value = Array.isArray(reply) ? Number(reply[1]) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}
