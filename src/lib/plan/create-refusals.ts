/** Why can these nodes not be made a cluster? Everything at once, so that an operator mends it in one go. */
import type { Finding } from '../check/finding.ts';
import { groupBy } from '../check/group.ts';
import { countInWords, listInWords, nameOf, slotsInWords } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import { roleOf } from '../model/node.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, keyCount } from '../model/topology.ts';
import type { CreateOptions } from './create.ts';
import type { Layout } from './layout-file.ts';
import { shardCountOf } from './placement.ts';
import { refuseUnreached } from './unreached.ts';

/** All refusals: about each node in the operator's order, then about the nodes together. */
export function createRefusals(topology: Topology, options: CreateOptions): readonly Finding[] {
  return [
    ...topology.nodes.flatMap((node) =>
      isReached(node) ? [...notEmpty(node), ...taken(node)] : refuseUnreached(node, 'cannot be used'),
    ),
    ...sameNodeTwice(topology),
    ...(options.layout ? layoutMismatch(topology, options.layout) : tooFew(topology, options)),
  ];
}

/** The sentence is redis-cli's, for scripts look for it; the suggestion says which of the two it is. */
export function notEmpty(node: ReachedNode): readonly Finding[] {
  const { view } = node.reach;
  const name = nameOf(node);
  const keys = keyCount(view);
  // CLUSTER INFO also counts nodes in handshake, which CLUSTER NODES may not show.
  const known = Math.max(view.entries.length, Number(view.clusterInfo['cluster_known_nodes'] ?? 0)) - 1;
  if (keys === 0 && known === 0) return [];
  const ways = [
    ...(known > 0
      ? [
          `${name} knows ${countInWords(known, 'other node')}: if it has left them for good, send it CLUSTER RESET HARD.`,
        ]
      : []),
    ...(keys > 0
      ? [
          `${name} holds ${countInWords(keys, 'key')}: if nobody needs its data, send it FLUSHALL${known > 0 ? ' first' : ''}.`,
        ]
      : []),
  ];
  return [
    {
      rule: 'not-empty',
      severity: 'error',
      message: `Node ${name} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`,
      nodeIds: [node.id],
      suggestion: ways.join(' '),
    },
  ];
}

/** What a node is already that only a plan may make it. Where it knows others, `not-empty` has said what to do. */
function taken(node: ReachedNode): readonly Finding[] {
  const finding = { severity: 'error', nodeIds: [node.id] } as const;
  const name = nameOf(node);
  const { slots } = node.entry;
  const findings: Finding[] = [];
  if (roleOf(node.entry) === 'replica') {
    const message = `Node ${name} is a replica, and a cluster is made from primaries only.`;
    findings.push({ ...finding, rule: 'not-primary', message });
  }
  if (slots.length > 0) {
    const message = `Node ${name} has ${slotsInWords(slots)} assigned already.`;
    const suggestion = `To take the slots from ${name}, send it CLUSTER FLUSHSLOTS.`;
    const isAlone = node.reach.view.entries.length === 1;
    findings.push({ ...finding, rule: 'slots-assigned', message, slots, ...(isAlone && { suggestion }) });
  }
  return findings;
}

/** One server behind two addresses, or one address named twice. */
function sameNodeTwice(topology: Topology): readonly Finding[] {
  return [...groupBy(topology.nodes, (node) => node.id)]
    .filter(([, nodes]) => nodes.length > 1)
    .map(([id, nodes]) => {
      const names = [...new Set(nodes.map(nameOf))];
      return {
        rule: 'same-node-twice',
        severity: 'error',
        message:
          names.length === 1
            ? `Node ${names[0]} is named ${nodes.length} times.`
            : `${listInWords(names)} are one and the same node: all answer with the id ${id}.`,
        nodeIds: [id],
        suggestion: `Name it once: ${names[0]}.`,
      };
    });
}

function tooFew(topology: Topology, { replicas }: CreateOptions): readonly Finding[] {
  if (shardCountOf(topology.nodes.length, replicas) > 0) return [];
  return [
    {
      rule: 'too-few-nodes',
      severity: 'error',
      message: `${countInWords(topology.nodes.length, 'node')} cannot be one primary with ${countInWords(replicas, 'replica')}.`,
      nodeIds: topology.nodes.map(({ id }) => id),
      suggestion: `Name at least ${replicas + 1} nodes, better ${3 * (replicas + 1)}, or ask for fewer with --replicas.`,
    },
  ];
}

/** The layout and the nodes that were asked are the same nodes. */
function layoutMismatch(topology: Topology, layout: Layout): readonly Finding[] {
  const planned = layout.flatMap(({ primary, replicas }) => [primary, ...replicas].map(formatAddress));
  const asked = new Set(topology.nodes.map(nameOf));
  const strangers = topology.nodes.filter((node) => !planned.includes(nameOf(node)));
  const suggestion = 'Name the same nodes in the topology file and on the command line, or only in the file.';
  return [
    ...strangers.map((node): Finding => {
      const message = `Node ${nameOf(node)} is in no shard of the topology file.`;
      return { rule: 'layout-mismatch', severity: 'error', message, nodeIds: [node.id], suggestion };
    }),
    ...planned
      .filter((name) => !asked.has(name))
      .map((name): Finding => {
        const message = `Node ${name} is in the topology file, but not among the nodes that were asked.`;
        return { rule: 'layout-mismatch', severity: 'error', message, nodeIds: [], suggestion };
      }),
  ];
}
