/** What has become of primaries that gave their last slot away: the server may have made them replicas. */
import { formatAddress } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';

/** A sentence for each source of the plan's moves that is a replica now. */
export function renderEmptied(plan: Plan, after: Topology): readonly string[] {
  const sources = plan.steps.flatMap((step) => (step.kind === 'move-slots' ? [step.source.id] : []));
  return [...new Set(sources)].flatMap((id) => {
    const node = findNode(after, id);
    if (node === undefined || node.entry.primaryId === null) return [];
    const primary = findNode(after, node.entry.primaryId);
    const name = primary === undefined ? node.entry.primaryId : formatAddress(primary.address);
    return [`${formatAddress(node.address)} has no slots left and is a replica of ${name} now.`];
  });
}
