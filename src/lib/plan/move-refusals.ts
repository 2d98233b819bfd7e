/** Why can no slots be moved in this cluster, or not between these nodes? */
import type { Finding } from '../check/finding.ts';
import { checkTopology, isHealthy } from '../check/rules.ts';
import { listInWords, nameOf } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { SlotFlow } from './moves.ts';

/**
 * Refuses to move slots in a cluster that is not healthy: first redis-cli's line as `unhealthy`, then every finding of
 * severity `error`, and which nodes gave no answer. None where the cluster is healthy. `findings`: those that count, by
 * default all of the topology's.
 */
export function refuseUnhealthy(
  topology: Topology,
  activity: 'resharding' | 'rebalancing' | 'adding nodes' | 'importing',
  findings: readonly Finding[] = checkTopology(topology),
): readonly Finding[] {
  if (isHealthy(findings)) return [];
  const errors = findings.filter(({ severity, rule }) => severity === 'error' || rule === 'unreachable');
  const concerned = new Set(errors.flatMap(({ nodeIds }) => nodeIds));
  const head: Finding = {
    rule: 'unhealthy',
    severity: 'error',
    message: `*** Please fix your cluster problems before ${activity}`,
    nodeIds: topology.nodes.map(({ id }) => id).filter((id) => concerned.has(id)),
    suggestion: `See what is wrong with: cluster check ${formatAddress(topology.seed)}`,
  };
  return [head, ...errors];
}

/** Refuses, as `not-joined`, flows between nodes that have not heard of each other yet: neither would take SETSLOT. */
export function refuseStrangers(topology: Topology, flows: readonly SlotFlow[]): readonly Finding[] {
  const known = (from: SlotFlow['source'], to: SlotFlow['source']): boolean =>
    from.reach.view.entries.some(({ id }) => id === to.id);
  const strangers = flows.filter(({ source, target }) => !known(source, target) || !known(target, source));
  if (strangers.length === 0) return [];
  const pairs = strangers.map(({ source, target }) => `${nameOf(source)} and ${nameOf(target)}`);
  const ids = new Set(strangers.flatMap(({ source, target }) => [source.id, target.id]));
  return [
    {
      rule: 'not-joined',
      severity: 'error',
      message: `Slots cannot be moved between nodes that do not know each other: ${listInWords(pairs)}.`,
      nodeIds: [...ids],
      suggestion: `A node that was just added takes a moment to be known: cluster check ${formatAddress(topology.seed)}`,
    },
  ];
}
