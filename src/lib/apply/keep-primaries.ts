/**
 * Keeping primaries that lose all their slots from becoming replicas. Servers make an emptied primary a replica of
 * whoever took its last slot, unless its `cluster-allow-replica-migration` is `no` at that moment.
 */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Emit } from './events.ts';
import type { Journal, SettingChange } from './journal.ts';

const SETTING = 'cluster-allow-replica-migration';

/**
 * Does `work` with the setting off on each of the nodes, and puts it back whatever happens. Where it is off already
 * nothing is changed; where the server refuses, or is not there to be put back, a notice says so, unless it `must` be
 * off: then FAILED is thrown, and no work is done. After a kill -9, or a second Ctrl-C, the journal tells what is left to
 * be put back: see {@link restoreSettings}.
 */
export async function keepPrimaries<Result>(
  nodes: readonly TopologyNode[],
  topology: Topology,
  { cluster, emit, journal, must = false }: Restoring & { readonly must?: boolean },
  work: () => Promise<Result>,
): Promise<Result> {
  const changed: SettingChange[] = [];
  try {
    for (const node of nodes) {
      const present = await read(cluster, node);
      if (must && typeof present !== 'string') throw mayBecomeReplica(node, present);
      if (present !== 'yes') continue;
      const change = { node: { id: node.id, address: formatAddress(node.address) }, name: SETTING, before: 'yes' };
      journal.setting('changing', change);
      const refusal = await set(cluster, node, SETTING, 'no');
      // Where no answer came it may have been set all the same.
      if (refusal instanceof ReplyError) journal.setting('restored', change);
      else changed.push(change);
      if (refusal === null) continue;
      if (must) throw mayBecomeReplica(node, refusal);
      const name = formatAddress(node.address);
      emit({ event: 'notice', message: `${name} may become a replica when it has no slots left: ${refusal.message}` });
    }
    return await work();
  } finally {
    await restoreSettings(changed, topology, { cluster, emit, journal });
  }
}

function mayBecomeReplica({ address }: TopologyNode, reason: Error | null): OpsError {
  const name = formatAddress(address);
  const said = reason === null ? '' : `: ${reason.message}`;
  return new OpsError(
    'FAILED',
    `${name} has keys of slots that it does not own, and may become a replica when it has no slots left: its ${SETTING} cannot be turned off${said}`,
    { suggestions: [`Log in as a user who may CONFIG GET and SET, or set it yourself: CONFIG SET ${SETTING} no`] },
  );
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

/** The value; what the server refused with, or null, where it does not tell: what is not known cannot be put back. */
async function read(cluster: Cluster, { address }: TopologyNode): Promise<string | ReplyError | null> {
  const [reply] = await cluster.callMany(address, [argv.configGet(SETTING)]);
  if (reply instanceof ReplyError) return reply;
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : null;
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
