/** Every health rule, in the order in which findings are shown: what stops clients first. */
import type { Topology } from '../model/topology.ts';
import { agreement } from './agreement.ts';
import { atomicMigrations } from './atomic-migrations.ts';
import { clusterState } from './cluster-state.ts';
import { configEpochs } from './config-epochs.ts';
import { coverage } from './coverage.ts';
import { failing } from './failing.ts';
import type { Finding } from './finding.ts';
import { hostMajority } from './host-majority.ts';
import { openSlots } from './open-slots.ts';
import { replicaCoverage } from './replica-coverage.ts';
import { replicaLinks } from './replica-links.ts';
import type { Rule } from './rule.ts';
import { shardHosts } from './shard-hosts.ts';
import { unreachable } from './unreachable.ts';
import { versions } from './versions.ts';

export const RULES: readonly Rule[] = [
  agreement,
  openSlots,
  coverage,
  clusterState,
  unreachable,
  failing,
  replicaLinks,
  replicaCoverage,
  shardHosts,
  hostMajority,
  versions,
  configEpochs,
  atomicMigrations,
];

/** Remembered, because one topology is checked in several places, and with hundreds of nodes that takes tens of milliseconds. */
const known = new WeakMap<Topology, readonly Finding[]>();

/** The findings of all rules, in their order. Empty for a cluster that is entirely well. */
export function checkTopology(topology: Topology): readonly Finding[] {
  const findings = known.get(topology) ?? RULES.flatMap((rule) => rule.check(topology));
  known.set(topology, findings);
  return findings;
}

/** True where no finding is an error: warnings do not make a cluster unhealthy. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity !== 'error');
}
