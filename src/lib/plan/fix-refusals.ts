/** Why should nothing be fixed now? Nodes that cannot be asked may have the slots, and keys that nobody else has. */
import type { Finding } from '../check/finding.ts';
import { isOutOfReachOnly } from '../check/out-of-reach.ts';
import { countInWords, listInWords, nameOf, slotsInWords } from '../check/words.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { replicasOf } from '../model/topology.ts';
import type { FixOptions } from './fix.ts';
import type { Diagnosis } from './fix-diagnosis.ts';
import { isRefused, selectPrimary } from './select-node.ts';
import { livingPrimaries, silentOwners } from './slot-facts.ts';

/** The primary that `--cover-to` names; null where it was not given. Refused as by `selectPrimary`, or as `cover-to`. */
export function coverOf(
  topology: Topology,
  { coverTo }: FixOptions,
): { readonly node: ReachedNode | null } | { readonly refusals: readonly Finding[] } {
  if (coverTo === null) return { node: null };
  const selected = selectPrimary(topology, coverTo);
  if (isRefused(selected)) return { refusals: [selected] };
  const node = livingPrimaries(topology).find(({ id }) => id === selected.id);
  if (node !== undefined) return { node };
  const message = `${nameOf(selected)} does not answer, so it cannot take slots.`;
  return { refusals: [{ rule: 'cover-to', severity: 'error', message, nodeIds: [selected.id] }] };
}

/**
 * Refuses, as `unreachable-primaries` unless the options allow it, to fix slots of a primary that does not answer: it may come
 * back with keys that nobody else has. Refused in any case, as `unreachable-from-here`, where other nodes reach it.
 */
export function refuseSilent(topology: Topology, found: readonly Diagnosis[], options: FixOptions): readonly Finding[] {
  const owners = silentOwners(topology);
  const silent = owners.map(({ node }) => node);
  const alive = silent.filter((node) => isOutOfReachOnly(topology, node));
  if (alive.length > 0) return [aliveElsewhere(alive)];
  if (options.withUnreachable || silent.length === 0) return [];
  const what = found.some(({ facts }) => facts.isOpen) ? 'open slots' : 'slots coverage';
  const had = owners.map(({ node, slots }) => `${nameOf(node)} had ${slotsInWords(slots)}`);
  const heirs = silent.flatMap((node) => replicasOf(topology, node.id).filter(({ reach }) => reach.ok));
  const count = countInWords(silent.length, 'unreachable primary');
  return [
    {
      rule: 'unreachable-primaries',
      severity: 'error',
      message: `*** Fixing ${what} with ${count} is dangerous: ${listInWords(had)}; given to others, the keys that only ${silent.length === 1 ? 'it has' : 'they have'} would be lost.`,
      nodeIds: silent.map(({ id }) => id),
      suggestion:
        heirs.length > 0
          ? `Its replica ${listInWords(heirs.map(nameOf))} answers and has its keys: wait until it takes over, or send it CLUSTER FAILOVER TAKEOVER.`
          : `Bring ${listInWords(silent.map(nameOf))} back. Where that is impossible: add --with-unreachable-primaries --accept-data-loss.`,
    },
  ];
}

/** It serves its slots. If others were given them, it would delete their keys: no consent makes that right. */
function aliveElsewhere(nodes: readonly TopologyNode[]): Finding {
  const names = listInWords(nodes.map(nameOf));
  return {
    rule: 'unreachable-from-here',
    severity: 'error',
    message: `${names} ${nodes.length === 1 ? 'does' : 'do'} not answer here, but the other nodes reach ${nodes.length === 1 ? 'it' : 'them'}: nothing can be said about ${nodes.length === 1 ? 'its' : 'their'} slots.`,
    nodeIds: nodes.map(({ id }) => id),
    suggestion:
      'Run this where every node can be reached (see --nat-map), or wait until the cluster has noticed that it failed.',
  };
}

/** Refuses, as `no-primary`, to fix a cluster in which no primary answers. */
export function refuseNobody(topology: Topology): readonly Finding[] {
  if (livingPrimaries(topology).length > 0) return [];
  return [
    { rule: 'no-primary', severity: 'error', message: 'No primary answers, so nobody can own slots.', nodeIds: [] },
  ];
}
