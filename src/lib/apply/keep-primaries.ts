/**
 * Keeping primaries that lose all their slots from becoming replicas. Servers make an emptied primary a replica of
 * whoever took its last slot, unless its `cluster-allow-replica-migration` is `no` at that moment.
 */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import { subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { Cluster } from '../redis/cluster.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Emit } from './events.ts';

const SETTING = 'cluster-allow-replica-migration';

/**
 * Does `work` with the setting off on each primary that the plan empties, and puts it back whatever happens. Where it
 * is off already nothing is changed; where the server refuses, or is not there to be put back, a notice says so.
 * Only a kill -9, or a second Ctrl-C, leaves it off, until it is set or the server restarts.
 */
export async function keepPrimaries<Result>(
  plan: Plan,
  topology: Topology,
  { cluster, emit }: { readonly cluster: Cluster; readonly emit: Emit },
  work: () => Promise<Result>,
): Promise<Result> {
  const changed: TopologyNode[] = [];
  try {
    for (const node of emptiedBy(plan, topology)) {
      if (!(await isAllowed(cluster, node))) continue;
      const refusal = await set(cluster, node, 'no');
      // Where no answer came it may have been set all the same.
      if (!(refusal instanceof ReplyError)) changed.push(node);
      if (refusal === null) continue;
      const name = formatAddress(node.address);
      emit({ event: 'notice', message: `${name} may become a replica when it has no slots left: ${refusal.message}` });
    }
    return await work();
  } finally {
    for (const node of changed) {
      const refusal = await set(cluster, node, 'yes');
      const name = formatAddress(node.address);
      if (refusal !== null)
        emit({ event: 'notice', message: `${SETTING} of ${name} may still be no: ${refusal.message}` });
    }
  }
}

/** The primaries all of whose slots the plan gives away. */
function emptiedBy(plan: Plan, topology: Topology): readonly TopologyNode[] {
  const moves = plan.steps.filter((step) => step.kind === 'move-slots');
  return topology.nodes.filter(({ id, entry }) => {
    const given = unionSlots(...moves.filter(({ source }) => source.id === id).map(({ slots }) => slots));
    const isTarget = moves.some(({ target }) => target.id === id);
    return given.length > 0 && !isTarget && subtractSlots(entry.slots, given).length === 0;
  });
}

/** False also where the server does not tell: a value that is not known cannot be put back. */
async function isAllowed(cluster: Cluster, { address }: TopologyNode): Promise<boolean> {
  const [reply] = await cluster.callMany(address, [argv.configGet(SETTING)]);
  return Array.isArray(reply) && reply[1] === 'yes';
}

/** Null where it was set; the server's refusal; or why no answer came. */
async function set(cluster: Cluster, { address }: TopologyNode, value: string): Promise<Error | null> {
  try {
    const [reply] = await cluster.callMany(address, [argv.configSet(SETTING, value)]);
    return reply instanceof ReplyError ? reply : null;
  } catch (cause) {
    if (cause instanceof OpsError) return cause;
    throw cause;
  }
}
