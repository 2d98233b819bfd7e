/** What tests of journals write into them: a plan of three steps for the nodes `a`, `b` and `c`, by a process that has ended. */
import type { NodeRef, Plan } from '../../src/lib/plan/plan.ts';
import { nodeId } from './topology-builder.ts';

export const OWNER = { pid: 4711, startTime: 'at noon' };

/** The node `name` as plans name it, at `name:7000`. */
export function ref(name: string): NodeRef {
  return { id: nodeId(name), address: `${name}:7000` };
}

export const PLAN: Plan = {
  version: 1,
  intention: 'create a cluster of 2 shards from 2 nodes',
  basis: 'as it was',
  steps: [
    { kind: 'set-epoch', node: ref('a'), epoch: 1 },
    { kind: 'set-epoch', node: ref('b'), epoch: 2 },
    { kind: 'join', nodes: [ref('a'), ref('b'), ref('c')] },
  ],
  hazards: [],
};
