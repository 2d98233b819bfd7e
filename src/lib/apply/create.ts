/** Making a cluster: from a plan that was consented to, to nodes that serve; or to nothing at all. */
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import { basisDifference, basisOf } from '../plan/basis.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { planReset } from '../plan/reset.ts';
import { simulateEnd } from '../plan/simulate.ts';
import { executeAllOrNothing } from './all-or-nothing.ts';
import type { ExecutorOptions } from './executor.ts';
import type { SettleLevel } from './settle.ts';
import { settle } from './settle.ts';

export interface CreateOptions extends ExecutorOptions {
  /** When to return: with the last command's reply, when all nodes agree, or when all serve. */
  readonly level: 'none' | SettleLevel;
}

/**
 * Applies a plan of `planCreate`. Until every node agrees, any failure undoes all of it; a cluster on which all agree
 * but which does not serve in time is left as it is, and TIMEOUT says who lacks what. Throws REFUSED where the nodes
 * are not what the plan was made from, or where somebody else took them first.
 */
export async function createCluster(plan: Plan, topology: Topology, options: CreateOptions): Promise<void> {
  const addresses = topology.nodes.map(({ address }) => address);
  await refuseStale(plan, addresses, options);
  const desired = simulateEnd(topology, plan);
  let lateness: OpsError | null = null;
  const verify = async (): Promise<void> => {
    if (options.level !== 'none') await settle(desired, 'agree', options);
    if (options.level === 'ready') lateness = await waitUntilServing(desired, options);
  };
  const planUndo = (changed: Topology): Planned =>
    planReset(changed, new Set(changed.nodes.map(({ id }) => id)), UNDO_INTENTION);
  await executeAllOrNothing({ plan, topology, verify, planUndo }, options);
  if (lateness !== null) throw lateness;
}

const UNDO_INTENTION = 'undo the creation of a cluster';

async function refuseStale(plan: Plan, addresses: readonly Address[], options: CreateOptions): Promise<void> {
  const now = basisOf(await options.cluster.observeEach(addresses));
  if (now === plan.basis) return;
  throw new OpsError(
    'REFUSED',
    ['The nodes have changed since the plan was made:', ...basisDifference(plan.basis, now)].join('\n  '),
    {
      suggestions: ['Type the command again to plan from what is there now.'],
    },
  );
}

/** Null once all nodes serve; the TIMEOUT to report where they do not in time, which is no reason to undo. */
async function waitUntilServing(desired: Topology, options: CreateOptions): Promise<OpsError | null> {
  try {
    await settle(desired, 'ready', options);
    return null;
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'TIMEOUT') throw cause;
    return new OpsError('TIMEOUT', `${cause.message}\nThe cluster is made and all nodes agree; it is left as it is.`, {
      suggestions: ['Look at it with `cluster check` in a moment.'],
      cause,
    });
  }
}
