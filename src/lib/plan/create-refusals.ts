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
      isReached(node) ? [...refuseInUse(node), ...taken(node)] : refuseUnreached(node, 'cannot be used'),
    ),
    ...sameNodeTwice(topology),
    ...(options.layout ? layoutMismatch(topology, options.layout) : tooFew(topology, options)),
  ];
}

/** Refuses, as `not-empty`, a node that knows others or holds keys. */
export function refuseInUse(node: ReachedNode): readonly Finding[] {
  const { view } = node.reach;
  // CLUSTER INFO also counts nodes in handshake, which CLUSTER NODES may not show.
  const known = Math.max(view.entries.length, Number(view.clusterInfo['cluster_known_nodes'] ?? 0)) - 1;
  const keys = keyCount(view);
  const ways = [
    ...(known === 0
      ? []
      : [
          `${nameOf(node)} knows ${countInWords(known, 'other node')}: if it has left them for good, send it CLUSTER RESET HARD.`,
        ]),
    ...(keys === 0 ? [] : [wayToEmpty(node, known > 0 ? 'FLUSHALL first' : 'FLUSHALL')]),
  ];
  return ways.length === 0 ? [] : [notEmpty(node, ways.join(' '))];
}

/** Refuses, as `not-empty`, a node that holds keys, whomever it knows. */
export function refuseKeys(node: ReachedNode): readonly Finding[] {
  return keyCount(node.reach.view) === 0 ? [] : [notEmpty(node, wayToEmpty(node, 'FLUSHALL'))];
}

/** The refusal `not-empty` in redis-cli's words, which scripts look for; the suggestion says what it really is. */
export function notEmpty(node: ReachedNode, suggestion: string): Finding {
  const message = `Node ${nameOf(node)} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`;
  return { rule: 'not-empty', severity: 'error', message, nodeIds: [node.id], suggestion };
}

function wayToEmpty(node: ReachedNode, command: string): string {
  const keys = countInWords(keyCount(node.reach.view), 'key');
  return `${nameOf(node)} holds ${keys}: if nobody needs its data, send it ${command}.`;
}

/** Refuses replicas and nodes that have slots. Where such a node knows others, `not-empty` says what to do. */
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

/** Refuses one server behind two addresses, and one address that is named twice. */
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

/** Refuses nodes that are in the layout only, or on the command line only. */
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
