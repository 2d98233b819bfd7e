/**
 * Keeping primaries that lose all their slots from becoming replicas. Servers make an emptied primary a replica of
 * whoever took its last slot, unless its `cluster-allow-replica-migration` is `no` at that moment.
 */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import { subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { Cluster } from '../redis/cluster.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Emit } from './events.ts';
import type { Journal, SettingChange } from './journal.ts';

const SETTING = 'cluster-allow-replica-migration';

/**
 * Does `work` with the setting off on each primary that the plan empties, and puts it back whatever happens. Where it
 * is off already nothing is changed; where the server refuses, or is not there to be put back, a notice says so.
 * After a kill -9, or a second Ctrl-C, the journal tells what is left to be put back: see {@link restoreSettings}.
 */
export async function keepPrimaries<Result>(
  plan: Plan,
  topology: Topology,
  { cluster, emit, journal }: Restoring,
  work: () => Promise<Result>,
): Promise<Result> {
  const changed: SettingChange[] = [];
  try {
    for (const node of emptiedBy(plan, topology)) {
      if (!(await isAllowed(cluster, node))) continue;
      const change = { node: { id: node.id, address: formatAddress(node.address) }, name: SETTING, before: 'yes' };
      journal.setting('changing', change);
      const refusal = await set(cluster, node, SETTING, 'no');
      // Where no answer came it may have been set all the same.
      if (refusal instanceof ReplyError) journal.setting('restored', change);
      else changed.push(change);
      if (refusal === null) continue;
      const name = formatAddress(node.address);
      emit({ event: 'notice', message: `${name} may become a replica when it has no slots left: ${refusal.message}` });
    }
    return await work();
  } finally {
    await restoreSettings(changed, topology, { cluster, emit, journal });
  }
}

/** Where to put settings back, whom to tell, and the journal that holds them. */
interface Restoring {
  readonly cluster: Cluster;
  readonly emit: Emit;
  readonly journal: Pick<Journal, 'setting'>;
}

/** Puts settings back that a run has changed; a notice says which could not be. */
export async function restoreSettings(
  changes: readonly SettingChange[],
  topology: Topology,
  { cluster, emit, journal }: Restoring,
): Promise<void> {
  for (const change of changes) {
    const node = findNode(topology, change.node.id);
    const refusal =
      node === undefined ? new Error('it is not there') : await set(cluster, node, change.name, change.before);
    if (refusal === null) journal.setting('restored', change);
    else
      emit({
        event: 'notice',
        message: `${change.name} of ${change.node.address} may still not be ${change.before}: ${refusal.message}`,
      });
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
async function set(cluster: Cluster, { address }: TopologyNode, name: string, value: string): Promise<Error | null> {
  try {
    const [reply] = await cluster.callMany(address, [argv.configSet(name, value)]);
    return reply instanceof ReplyError ? reply : null;
  } catch (cause) {
    if (cause instanceof OpsError) return cause;
    throw cause;
  }
}
