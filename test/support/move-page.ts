/** A transcript of a command that moves slots: the cluster, what was typed, and the plan or its refusals. */
import type { Finding } from '../../src/lib/check/finding.ts';
import { formatFlavor } from '../../src/lib/model/flavor.ts';
import { roleOf } from '../../src/lib/model/node.ts';
import { formatSlots } from '../../src/lib/model/slot-set.ts';
import type { Topology, TopologyNode } from '../../src/lib/model/topology.ts';
import type { Planned } from '../../src/lib/plan/plan.ts';
import { simulateEnd } from '../../src/lib/plan/simulate.ts';
import { renderMovePlan } from '../../src/lib/view/move-plan.ts';
import { PLAIN } from '../../src/lib/view/style.ts';

/** Refusals as the terminal prints them; after a plan with steps, the cluster as it will be. */
export function movePage(command: string, cluster: Topology, planned: Planned): string {
  const answer = planned.ok ? renderMovePlan(planned.plan, cluster, PLAIN).split('\n') : refusalLines(planned.refusals);
  const end =
    planned.ok && planned.plan.steps.length > 0
      ? ['', `After "${planned.plan.intention}":`, ...simulateEnd(cluster, planned.plan).nodes.map(nodeLine)]
      : [];
  return ['Nodes:', ...cluster.nodes.map(nodeLine), '', `$ ${command}`, ...answer, ...end, ''].join('\n');
}

/** As the terminal prints them, with their stable names. */
export function refusalLines(refusals: readonly Finding[]): readonly string[] {
  return refusals.flatMap(({ rule, message, suggestion }) => [
    `[ERR] ${message}`,
    `    (${rule}) ${suggestion ?? ''}`.trimEnd(),
  ]);
}

/** One node in a line: address, id, server, role, epoch, slots. */
export function nodeLine(node: TopologyNode): string {
  const { id, entry, reach } = node;
  const role = roleOf(entry) === 'replica' ? `replica of ${entry.primaryId?.slice(0, 8)}` : 'primary';
  return [
    `  ${node.address.host}:${node.address.port} ${id.slice(0, 8)}`,
    reach.ok ? formatFlavor(reach.view.flavor) : 'no answer',
    role,
    `epoch ${entry.configEpoch}`,
    ...(entry.slots.length > 0 ? [`slots ${formatSlots(entry.slots)}`] : []),
  ].join(', ');
}
