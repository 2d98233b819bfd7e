/** Which primaries have no slots left once a plan is carried out? Servers may make replicas of them. */
import { type SlotSet, subtractSlots, unionSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import type { Plan } from './plan.ts';

export interface EmptiedPrimary {
  readonly node: TopologyNode;
  /** What the plan takes from it: all that it has. */
  readonly given: SlotSet;
}

/** In the order of the topology. */
export function emptiedBy({ steps }: Pick<Plan, 'steps'>, topology: Topology): readonly EmptiedPrimary[] {
  const moves = steps.filter((step) => step.kind === 'move-slots');
  return topology.nodes.flatMap((node) => {
    const given = unionSlots(...moves.filter(({ source }) => source.id === node.id).map(({ slots }) => slots));
    const isTarget = moves.some(({ target }) => target.id === node.id);
    const isEmptied = given.length > 0 && !isTarget && subtractSlots(node.entry.slots, given).length === 0;
    return isEmptied ? [{ node, given }] : [];
  });
}
