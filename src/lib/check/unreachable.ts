/** Which nodes gave no answer to this program? Others may still reach them: see the rule `failing`. */
import { formatAddress } from '../model/address.ts';
import type { Topology, TopologyNode, Unreached } from '../model/topology.ts';
import { HOW_TO_REACH, isOutOfReachOnly } from './out-of-reach.ts';
import type { Rule } from './rule.ts';
import { nameOf } from './words.ts';

export const unreachable: Rule = {
  name: 'unreachable',
  finds: 'nodes that do not answer',
  check: (topology) =>
    topology.nodes.flatMap((node) =>
      node.reach.ok
        ? []
        : [
            {
              rule: 'unreachable',
              severity: 'warning',
              message: sentenceFor(node, node.reach),
              nodeIds: [node.id],
              suggestion: isOutOfReachOnly(topology, node) ? HOW_TO_REACH : restartOrRemove(topology, node),
            },
          ],
    ),
};

/** What to do about a node that is down. Slots must have another owner BEFORE their primary is removed. */
export function restartOrRemove(topology: Topology, node: TopologyNode): string {
  const seed = formatAddress(topology.seed);
  const fix = node.entry.slots.length === 0 ? '' : `cluster fix ${seed}, then `;
  return `Start it again; if it is gone for good: ${fix}cluster del-node ${seed} ${node.id}`;
}

/** The reason as it can follow the node's name: without the address, where the reason has it already. */
export function reasonPhrase(node: TopologyNode, reach: Unreached): string {
  const [, phrase] = reach.reason.split(`${nameOf(node)}: `);
  return phrase ?? reach.reason;
}

/** A reason such as `Could not connect to Redis at HOST:PORT: …` is the line that scripts know: it stays as it is. */
function sentenceFor(node: TopologyNode, reach: Unreached): string {
  return reach.reason.includes(nameOf(node))
    ? `${reach.reason}.`
    : `Node ${nameOf(node)} could not be reached: ${reach.reason}.`;
}
