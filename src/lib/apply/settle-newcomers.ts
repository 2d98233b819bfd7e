/** Waiting until new nodes are members like any other: known to all in their roles, and serving. */
import { NO_SLOTS } from '../model/slot-set.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Newcomer, Step } from '../plan/plan.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';
import { settle } from './settle.ts';

/** Throws TIMEOUT with who lacks what. What else the members think of each other does not count. */
export async function settleNewcomers(
  execution: Execution,
  { newcomers, members }: Extract<Step, { readonly kind: 'settle' }>,
): Promise<void> {
  const added = newcomers.map((newcomer) => seated(nodeOf(execution, newcomer.node), newcomer));
  const others = members.map((member) => nodeOf(execution, member));
  const [first] = others;
  const seed = (first ?? (added[0] as TopologyNode)).address;
  await settle({ seed, nodes: [...others, ...added] }, 'ready', execution, new Set(added.map(({ id }) => id)));
}

/** As the plan wants it. One that an interrupted run has given slots already has them. */
function seated(node: TopologyNode, { primary }: Newcomer): TopologyNode {
  if (primary === null) return node;
  const { entry } = node;
  return { ...node, entry: { ...entry, flags: ['slave'], primaryId: primary.id, slots: NO_SLOTS } };
}
