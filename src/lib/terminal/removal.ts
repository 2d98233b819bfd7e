/** What the commands share that take nodes out: which words mean what, and finding nodes that nobody lists any more. */
import type { Run } from '../apply/journal.ts';
import { readRuns } from '../apply/journal.ts';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { parseAddress } from '../model/address.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode, isReached } from '../model/topology.ts';
import { membershipOf } from '../plan/membership.ts';
import { withNewcomers } from '../plan/newcomers.ts';
import type { NodeRef, Plan } from '../plan/plan.ts';
import { isRefused, selectNode } from '../plan/select-node.ts';
import type { Session } from './base-command.ts';
import { journalDirectory } from './directories.ts';
import { isUnfinished } from './runs.ts';

/** `HOST:PORT NODE…`, or redis-cli's `HOST PORT NODE…`. Throws USAGE without a seed. */
export function splitSeed(words: readonly string[]): { readonly seed: string; readonly names: readonly string[] } {
  const [host, port, ...rest] = words;
  if (host === undefined)
    throw new OpsError('USAGE', 'Name a node of the cluster first.', {
      suggestions: ['cluster del-node HOST:PORT ID'],
    });
  // No node is named by so few digits.
  if (port !== undefined && /^\d{1,5}$/.test(port)) return { seed: `${host}:${port}`, names: rest };
  return { seed: host, names: words.slice(1) };
}

/**
 * Adds to a cluster the named nodes that none of its members lists any more, but that still believe to be members: an
 * earlier run was stopped after they were forgotten. They are asked where they are typed, or where the journal of that
 * run says.
 */
export function observeWithDeparted(
  { cluster }: Session,
  names: readonly string[],
): (members: Topology) => Promise<Topology> {
  return async (members) => {
    const missing = names.filter((name) => {
      const selected = selectNode(members, name);
      return isRefused(selected) && selected.rule === 'unknown-node';
    });
    const addresses = missing.flatMap((name) => parseAddress(name) ?? addressInJournal(name) ?? []);
    if (addresses.length === 0) return members;
    const asked = await cluster.observeEach(addresses);
    const departed = asked.nodes.filter((node) => believesInAny(node, members));
    return withNewcomers(members, { ...asked, nodes: departed });
  };
}

function believesInAny(node: TopologyNode, members: Topology): boolean {
  if (!isReached(node)) return false;
  const others = node.reach.view.entries.filter(({ id }) => id !== node.id);
  return others.some(({ id }) => findNode(members, id) !== undefined);
}

/** Of a run that was to remove the node of this id. */
function addressInJournal(name: string): Address | null {
  const ref = removalsInJournal(() => true).find(({ id }) => id === name);
  return ref === undefined ? null : parseAddress(ref.address);
}

export interface Names {
  readonly names: readonly string[];
  readonly removed: readonly NodeRef[];
}

/**
 * Parts the names of nodes that a run of this machine has removed already from all others: so that a command which was
 * killed at the very end may be typed again like any other. By id; by address only where that run did not come to its end.
 */
export function withoutRemoved(topology: Topology, names: readonly string[]): Names {
  const removed = removalsInJournal((run) => isUnfinished(run) || run.outcome === 'done');
  const unfinished = removalsInJournal(isUnfinished);
  const found = names.map((name) => {
    const selected = selectNode(topology, name);
    const isGone = isRefused(selected) && selected.rule === 'unknown-node';
    const byId = removed.find(({ id }) => id === name);
    const ref = byId ?? unfinished.find(({ address }) => address === name);
    return { name, ref: isGone ? ref : undefined };
  });
  return {
    names: found.filter(({ ref }) => ref === undefined).map(({ name }) => name),
    removed: found.flatMap(({ ref }) => ref ?? []),
  };
}

function removalsInJournal(which: (run: Run) => boolean): readonly NodeRef[] {
  return readRuns(journalDirectory(process.env))
    .filter(which)
    .map(({ plan }) => membershipOf(plan))
    .flatMap((membership) => (membership?.kind === 'remove' ? membership.nodes : []));
}

/** Each node that the plan takes out. */
export function removedBy(plan: Plan): readonly NodeRef[] {
  const refs = plan.steps.flatMap((step): readonly NodeRef[] => {
    if (step.kind === 'forget') return step.nodes;
    return step.kind === 'leave' ? [step.node] : [];
  });
  return [...new Map(refs.map((ref) => [ref.id, ref])).values()];
}

/** redis-cli's line for each node; those that cannot be reset are named, in valkey-cli's words. */
export function removalHeadings(topology: Topology, plan: Plan, seed: string): readonly string[] {
  const removed = removedBy(plan);
  const silent = removed.filter(({ id }) => {
    const node = findNode(topology, id);
    return node !== undefined && !isReached(node) && node.address.host !== '';
  });
  return [
    ...removed.map(({ id }) => `>>> Removing node ${id} from cluster ${seed}`),
    ...silent.map(
      ({ address }) =>
        `>>> Skipping unreachable node ${address}. It may need manual reconfiguration when it comes back online.`,
    ),
  ];
}
