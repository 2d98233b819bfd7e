/** Why a cluster cannot be formed from these nodes: every reason at once, each with the way out. */
import type { Finding } from '../check/finding.ts';
import { groupBy } from '../check/group.ts';
import { nameOf } from '../check/words.ts';
import type { NodeEntry } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { Topology, TopologyNode, View } from '../model/topology.ts';
import { keyCount } from '../model/topology.ts';
import type { CreateOptions } from './create.ts';
import { shardCountOf } from './placement.ts';

/** Empty where nothing stands in the way. */
export function refuseCreate(topology: Topology, options: CreateOptions): readonly Finding[] {
  const refusals = [...topology.nodes.flatMap(refuseNode), ...refuseRepeated(topology)];
  // Nodes that cannot be used are mended first; only then is it worth saying that there are too few.
  return refusals.length > 0 || options.layout !== undefined ? refusals : refuseTooFew(topology, options.replicas);
}

function refuseNode(node: TopologyNode): readonly Finding[] {
  if (!node.reach.ok) return [refusal('unreachable', [node], node.reach.reason)];
  const reason = whyNotEmpty(node.entry, node.reach.view);
  if (reason === null) return [];
  const message = `Node ${nameOf(node)} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`;
  return [refusal('not-empty', [node], message, `${nameOf(node)} ${reason}`)];
}

/** What it holds and how to be rid of it; null for an empty node. */
function whyNotEmpty(entry: NodeEntry, view: View): string | null {
  const keys = keyCount(view);
  const others = view.entries.length - 1;
  if (keys > 0) return `holds ${keys} keys: if they are not needed, empty it with FLUSHALL.`;
  if (others > 0)
    return `knows ${others} other nodes: if it is not needed there, make it forget them with CLUSTER RESET HARD.`;
  if (entry.slots.length > 0) return 'owns slots already: make it give them up with CLUSTER RESET HARD.';
  if (roleOf(entry) === 'replica') return 'is a replica: make it forget its primary with CLUSTER RESET HARD.';
  return null;
}

function refuseRepeated(topology: Topology): readonly Finding[] {
  const groups = groupBy(topology.nodes, ({ id }) => id);
  return [...groups.values()]
    .filter((nodes) => nodes.length > 1)
    .map((nodes) => {
      const names = [...new Set(nodes.map(nameOf))];
      const message =
        names.length === 1
          ? `Node ${names[0]} is named ${nodes.length} times.`
          : `${names.join(' and ')} are the same node.`;
      return refusal('same-node', nodes, message, 'Name each node once.');
    });
}

function refuseTooFew(topology: Topology, replicas: number): readonly Finding[] {
  const count = topology.nodes.length;
  if (shardCountOf(count, replicas) > 0) return [];
  const message = `${count} nodes are not enough for one primary with ${replicas} replicas: at least ${replicas + 1} are needed.`;
  return [refusal('too-few-nodes', topology.nodes, message, 'Name more nodes, or ask for fewer --replicas.')];
}

function refusal(rule: string, nodes: readonly TopologyNode[], message: string, suggestion?: string): Finding {
  const nodeIds = nodes.map(({ id }) => id);
  return { rule, severity: 'error', message, nodeIds, ...(suggestion === undefined ? {} : { suggestion }) };
}
