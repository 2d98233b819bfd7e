/**
 * Two operators must not change a cluster at the same time. Each run names its connections; a connection of another
 * run on any primary is another operator at work. A redis-cli that moves slots has no name, but slots that are open
 * and change while one looks give it away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import { argv } from '../wire/argv.ts';
import { describeMigration, runningMigrations } from './server-migrations.ts';

/** Every connection of a run that changes a cluster is named with this and the run. */
export const CLIENT_NAME_PREFIX = 'redis-cluster-ops:';

const CONCURRENT_NODES_MAX = 32;
/** Between two looks at the open slots; redis-cli moves a slot in a few milliseconds. */
const LOOK_AGAIN_MS = 500;

/**
 * Throws REFUSED where another run, or somebody else who moves slots, is at work. `ownNames` are this run's own, and that
 * of the dead run which it takes over. What the servers move by themselves goes on without whoever began it, so a
 * takeover does not take it for somebody else's work.
 */
export async function refuseBeside(
  cluster: Cluster,
  topology: Topology,
  ownNames: readonly string[],
  { isTakeover }: { readonly isTakeover: boolean },
): Promise<void> {
  await mapBounded(primariesOf(topology).filter(isReached), CONCURRENT_NODES_MAX, async (node) => {
    const other = await otherRunOn(cluster, node, ownNames);
    if (other !== null)
      throw beside(
        `Another run, ${other}, is at work on this cluster: it is connected to ${formatAddress(node.address)}.`,
      );
  });
  const [migration] = runningMigrations(topology);
  if (migration !== undefined && !isTakeover)
    throw beside(`Somebody else is moving slots of this cluster: ${describeMigration(topology, migration)}.`);
  const open = openMarks(topology);
  if ([...open.values()].every((marks) => marks === '')) return;
  await sleep(LOOK_AGAIN_MS);
  const again = openMarks(await cluster.observe([topology.seed]));
  if ([...open].some(([id, marks]) => (again.get(id) ?? marks) !== marks))
    throw beside('Somebody else is moving slots of this cluster: the open slots change while one looks.');
}

async function otherRunOn(
  cluster: Cluster,
  { address }: TopologyNode,
  ownNames: readonly string[],
): Promise<string | null> {
  const [reply] = await cluster.callMany(address, [argv.clientList()]);
  // A user without the right to ask cannot be protected this way; the open slots still speak.
  if (typeof reply !== 'string') return null;
  const names = [...reply.matchAll(/ name=(\S+)/g)].map((match) => match[1] ?? '');
  const other = names.find((name) => name.startsWith(CLIENT_NAME_PREFIX) && !ownNames.includes(name));
  return other === undefined ? null : other.slice(CLIENT_NAME_PREFIX.length);
}

/** By primary, of those that answer: a replica of Valkey has its primary's marks, but a moment later. */
function openMarks(topology: Topology): ReadonlyMap<NodeId, string> {
  return new Map(
    primariesOf(topology)
      .filter(isReached)
      .map(({ id, entry }) => {
        const marks = [...entry.migrating, ...entry.importing].map(({ slot, peer }) => `${slot} ${peer}`);
        return [id, marks.sort().join('\n')];
      }),
  );
}

function beside(message: string): OpsError {
  return new OpsError('REFUSED', message, {
    suggestions: ['Wait until it has ended, or add --force if you know that it has.'],
  });
}
