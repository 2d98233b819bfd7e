/** The state of a node in words, and what the asked node believes of it: for the table of `nodes` and for its explanations. */
import type { Standing } from '../check/standing.ts';
import { reasonPhrase } from '../check/unreachable.ts';
import type { NodeEntry } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';

/** `ok`, or everything that is wrong: `failed (3 of 5); unreachable: Connection refused`. */
export function stateInWords(node: TopologyNode, standing: Standing | undefined): string {
  const of = (count: number): string => `${count} of ${standing?.views ?? 0}`;
  const parts = [
    standing && standing.failed > 0 ? `failed (${of(standing.failed)})` : '',
    standing && standing.suspected > 0 ? `suspected to fail by ${of(standing.suspected)}` : '',
    standing && standing.handshake > 0 ? `handshake (${of(standing.handshake)})` : '',
    standing && standing.addressless > 0 ? `no address (${of(standing.addressless)})` : '',
    node.reach.ok ? '' : `unreachable: ${reasonPhrase(node, node.reach)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'ok' : parts.join('; ');
}

/**
 * The asked node's line about each node: link, ping and pong are between these two. Of the asked node itself, and of
 * nodes that it does not know, their own line.
 */
export function seedEntries(topology: Topology): (node: TopologyNode) => NodeEntry {
  const seed = topology.nodes[0];
  const entries = seed?.reach.ok ? seed.reach.view.entries : [];
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return (node) => byId.get(node.id) ?? node.entry;
}

/** The asked node's clock where it tells it, because pong times are by that clock; else `nowMs`. */
export function clockMs(topology: Topology, nowMs: number): number {
  const seed = topology.nodes[0];
  const { server_time_usec: microseconds } = seed?.reach.ok ? seed.reach.view.info : {};
  return microseconds === undefined ? nowMs : Number(microseconds) / 1000;
}
