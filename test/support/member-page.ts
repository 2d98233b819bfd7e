/** A transcript of a command that adds or removes nodes: the cluster, what was typed, and the plan or its refusals. */
import type { Topology } from '../../src/lib/model/topology.ts';
import type { Planned } from '../../src/lib/plan/plan.ts';
import { simulateEnd } from '../../src/lib/plan/simulate.ts';
import { renderMemberPlan } from '../../src/lib/view/member-plan.ts';
import { PLAIN } from '../../src/lib/view/style.ts';
import { nodeLine, refusalLines } from './move-page.ts';

/** Refusals as the terminal prints them; after a plan with steps, the cluster as it will be. */
export function memberPage(command: string, cluster: Topology, planned: Planned): string {
  const answer = planned.ok ? [renderMemberPlan(planned.plan, cluster, [], PLAIN)] : refusalLines(planned.refusals);
  const end =
    planned.ok && planned.plan.steps.length > 0
      ? ['', `After "${planned.plan.intention}":`, ...simulateEnd(cluster, planned.plan).nodes.map(nodeLine)]
      : [];
  return ['Nodes:', ...cluster.nodes.map(nodeLine), '', `$ ${command}`, ...answer, ...end, ''].join('\n');
}
