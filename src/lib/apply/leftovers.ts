/** What a killed creation leaves behind: nodes that are neither empty nor a cluster, which its journal knows. */

import { nameOf } from '../check/words.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { isReached } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { ExecutorOptions } from './executor.ts';
import { execute, nodesOf } from './executor.ts';
import type { Run } from './journal.ts';
import { continueJournal, withoutNotes } from './journal.ts';

export interface Leftovers {
  /** Newest first. Whether one still runs is the caller's to ask. */
  readonly runs: readonly Run[];
  readonly nodes: readonly TopologyNode[];
}

/**
 * The runs without an end that have begun to change any of these nodes, and which nodes these are. A node that another
 * run has finished with belongs to a cluster and is no leftover: two operators may have wanted the same nodes.
 */
export function findLeftovers(runs: readonly Run[], topology: Topology): Leftovers {
  const finished = new Set(runs.filter(({ outcome }) => outcome === 'done').flatMap(touchedBy));
  const unfinished = runs.filter(
    ({ outcome, plan }) => (outcome === null || outcome === 'partial') && isCreation(plan),
  );
  const touched = new Set(unfinished.flatMap(touchedBy).filter((id) => !finished.has(id)));
  const left = topology.nodes.filter(({ id }) => touched.has(id));
  const scene = { touched, addresses: addressesOf(unfinished, touched), left: new Set(left.map(nameOf)) };
  const nodes = topology.nodes.filter((node) => left.includes(node) || wasMetAgain(node, scene));
  const ids = new Set(nodes.map(({ id }) => id));
  return { runs: unfinished.filter((run) => touchedBy(run).some((id) => ids.has(id))), nodes };
}

interface Scene {
  readonly touched: ReadonlySet<NodeId>;
  /** Of the nodes that the runs have begun to change, whatever their ids are now. */
  readonly addresses: ReadonlySet<string>;
  /** The addresses at which one of these ids was found. */
  readonly left: ReadonlySet<string>;
}

/**
 * A node that was silent while the others were reset goes on with what it was sent, and meets them. They know it then,
 * by ids of their own that are in no journal; but they have nothing, and know nobody who is not of that run.
 */
function wasMetAgain(node: TopologyNode, { touched, addresses, left }: Scene): boolean {
  if (!isReached(node) || !addresses.has(nameOf(node))) return false;
  if (roleOf(node.entry) !== 'primary' || node.entry.slots.length > 0) return false;
  const others = node.reach.view.entries.filter(({ id }) => id !== node.id);
  const isLeft = (entry: NodeEntry): boolean => touched.has(entry.id) || left.has(formatAddress(entry.address));
  return others.some(isLeft) && others.every((entry) => isLeft(entry) || addresses.has(formatAddress(entry.address)));
}

function addressesOf(runs: readonly Run[], touched: ReadonlySet<NodeId>): ReadonlySet<string> {
  const refs = runs.flatMap(({ plan }) =>
    plan.steps.flatMap((step) => (step.kind === 'join' ? step.nodes : 'node' in step ? [step.node] : [])),
  );
  return new Set(refs.filter(({ id }) => touched.has(id)).map(({ address }) => address));
}

/** Of all plans only a creation may be cleared away: nodes that move slots are of a living cluster, keys or not. */
function isCreation(plan: Plan): boolean {
  const kinds = new Set(plan.steps.map(({ kind }) => kind));
  return kinds.has('set-epoch') || kinds.has('add-slots');
}

/** The nodes that a run has begun to change. */
function touchedBy(run: Run): readonly NodeId[] {
  return run.plan.steps.filter((_, index) => run.begun.has(index)).flatMap(nodesOf);
}

/**
 * Performs a plan of `planReset`, then notes in the journals that nothing of their runs is left. Until then they stay
 * unfinished: the same command clears away the rest, which PARTIAL says where it fails. Throws INTERRUPTED as well.
 */
export async function resetLeftovers(
  plan: Plan,
  topology: Topology,
  runs: readonly Run[],
  directory: string,
  options: ExecutorOptions,
): Promise<void> {
  try {
    await execute(plan, topology, { ...options, journal: withoutNotes(options.journal) });
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code === 'INTERRUPTED') throw cause;
    throw new OpsError('PARTIAL', `What an earlier creation left could not be cleared away. ${cause.message}`, {
      suggestions: ['Type the same command again to clear away the rest.'],
      cause,
    });
  }
  const warn = (message: string): void => options.emit({ event: 'notice', message });
  for (const { run, process } of runs) continueJournal(directory, run, process, warn).end('undone');
}
