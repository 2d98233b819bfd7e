import type { Finding } from '../check/finding.ts';
import { nameOf } from '../check/words.ts';
import type { TopologyNode } from '../model/topology.ts';

/** Refuses, as `unreachable`, a node that gave no answer. `failure`: what follows, as in `cannot be used`. */
export function refuseUnreached(node: TopologyNode, failure: string): readonly Finding[] {
  if (node.reach.ok) return [];
  // A reason may be a whole line of redis-cli's, which already names the node.
  const reason = node.reach.reason.replace(/^\[ERR\] /, '').replace(/\.$/, '');
  return [
    {
      rule: 'unreachable',
      severity: 'error',
      message: reason.includes(nameOf(node)) ? `${reason}.` : `Node ${nameOf(node)} ${failure}: ${reason}.`,
      nodeIds: [node.id],
      suggestion: `See that ${nameOf(node)} is up, lets you in and has cluster-enabled yes, or leave it out.`,
    },
  ];
}
