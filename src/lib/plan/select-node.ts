/**
 * Which node does an operator mean? A node is named by its id, by the beginning of its id, or by `host:port` as it is
 * typed or as the other nodes know it.
 */
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, nameOf } from '../check/words.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import { byId, roleOf } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { findNode, primariesOf } from '../model/topology.ts';

/** A shorter beginning of an id is more likely a slip than a name. */
const ID_PREFIX_LENGTH_MIN = 6;

/** The node, or the refusal that says why it is not clear which one. Tell them apart with {@link isRefused}. */
export type Selected = TopologyNode | Finding;

export function isRefused(selected: Selected): selected is Finding {
  return 'severity' in selected;
}

/**
 * The one node of that name. Refused as `unknown-node` where no node has it, and as `ambiguous-node`, with the
 * candidates, where several have.
 */
export function selectNode(topology: Topology, name: string, prefixLengthMin: number = ID_PREFIX_LENGTH_MIN): Selected {
  const [node, ...others] = nodesNamed(topology, name, prefixLengthMin);
  if (node === undefined) {
    return {
      rule: 'unknown-node',
      severity: 'error',
      message: `No node of this cluster is called "${name}".`,
      nodeIds: [],
      suggestion: howToName(topology, name, prefixLengthMin),
    };
  }
  return others.length === 0 ? node : ambiguous(name, [node, ...others]);
}

/**
 * The one primary of that name. Refused with redis-cli's words as `unknown-node` or `not-primary`, and as
 * `ambiguous-node` like {@link selectNode}.
 */
export function selectPrimary(topology: Topology, name: string): Selected {
  const selected = selectNode(topology, name);
  const message = `*** The specified node (${name}) is not known or not a master, please retry.`;
  if (isRefused(selected)) return selected.rule === 'unknown-node' ? { ...selected, message } : selected;
  if (roleOf(selected.entry) === 'primary') return selected;
  const primary = selected.entry.primaryId === null ? undefined : findNode(topology, selected.entry.primaryId);
  return {
    rule: 'not-primary',
    severity: 'error',
    message,
    nodeIds: [selected.id],
    suggestion: `${nameOf(selected)} is a replica${primary ? `: name its primary, ${nameOf(primary)}` : ''}.`,
  };
}

/** The nodes with this id; else with this address, as typed or as announced; else with this beginning of an id. Sorted by id. */
function nodesNamed(topology: Topology, name: string, prefixLengthMin: number): readonly TopologyNode[] {
  const exact = topology.nodes.filter((node) => node.id === name);
  if (exact.length > 0) return exact.slice(0, 1);
  const address = parseAddress(name);
  if (address === null) {
    const isPrefix = name.length >= prefixLengthMin && /^[0-9a-f]+$/.test(name);
    return isPrefix ? topology.nodes.filter(({ id }) => id.startsWith(name)).sort(byId) : [];
  }
  const text = formatAddress(address);
  const typed = topology.nodes.filter((node) => nameOf(node) === text);
  if (typed.length > 0) return typed.sort(byId);
  return topology.nodes
    .filter(
      ({ peerAddress, entry }) =>
        peerAddress.port === address.port && (peerAddress.host === address.host || entry.hostname === address.host),
    )
    .sort(byId);
}

function ambiguous(name: string, nodes: readonly TopologyNode[]): Finding {
  const candidates = nodes.map((node) => `${nameOf(node)} (${node.id})`);
  return {
    rule: 'ambiguous-node',
    severity: 'error',
    message: `"${name}" may be any of ${countInWords(nodes.length, 'node')}: ${listInWords(candidates)}.`,
    nodeIds: nodes.map(({ id }) => id),
    suggestion: 'Name the node by its host:port or by its whole id.',
  };
}

function howToName(topology: Topology, name: string, prefixLengthMin: number): string {
  const isShort = /^[0-9a-f]+$/.test(name) && name.length < prefixLengthMin;
  const way = isShort
    ? `The beginning of a node id takes at least ${prefixLengthMin} digits.`
    : 'A node is named by its id, by the beginning of its id, or by its host:port.';
  return `${way} The primaries are ${listInWords(primariesOf(topology).map(nameOf).sort())}; for all nodes: cluster nodes ${formatAddress(topology.seed)}`;
}
