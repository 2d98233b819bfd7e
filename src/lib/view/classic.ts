/**
 * redis-cli's own lines about a cluster, to the letter (7.0.15, and valkey-cli 9.1 by its words): what scripts have
 * read for ten years. Only nodes that redis-cli counts are in them; the findings name the others.
 */
import { countedNodes } from '../check/counted.ts';
import { pluralOf } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import { roleWords } from '../model/flavor.ts';
import type { NodeId } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, formatSlots, SLOT_COUNT } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { keyCount } from '../model/topology.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

/** The head of `info` and `check`: a line for each primary, the keys in all, and the average. `1 masters` is redis-cli's. */
export function infoLines(topology: Topology, style: Pick<Style, 'color'>): readonly string[] {
  const nodes = countedNodes(topology);
  const primaries = nodes.filter(isPrimary);
  const words = roleWords(nodes[0]?.reach.view.flavor ?? REDIS);
  const counts = replicaCounts(nodes);
  const keyCounts = primaries.map((node) => keyCount(node.reach.view));
  const keys = keyCounts.reduce((sum, count) => sum + count, 0);
  const lines = primaries.map(
    (node, index) =>
      `${formatAddress(node.address)} (${node.id.slice(0, 8)}...) -> ${keyCounts[index]} keys | ${countSlots(node.entry.slots)} slots | ${counts.get(node.id) ?? 0} ${pluralOf(words.replica)}.`,
  );
  return [
    ...lines,
    paint(style, 'green', `[OK] ${keys} keys in ${primaries.length} ${pluralOf(words.primary)}.`),
    `${(keys / SLOT_COUNT).toFixed(2)} keys per slot on average.`,
  ];
}

/** redis-cli's two or three lines for a node (`M: …` or `S: …`), of all nodes or of `only` these. */
export function nodeLines(topology: Topology, only?: ReadonlySet<NodeId>): readonly string[] {
  const nodes = countedNodes(topology);
  const counts = replicaCounts(nodes);
  const shown = only ? [...only].flatMap((id) => nodes.find((node) => node.id === id) ?? []) : nodes;
  return shown.flatMap((node) => {
    const { id, entry } = node;
    const flags = entry.flags.filter((flag) => flag !== 'myself').join(',');
    const replicas = counts.get(id) ?? 0;
    return [
      `${isPrimary(node) ? 'M' : 'S'}: ${id} ${formatAddress(node.address)}`,
      `   slots:${bracketed(entry.slots)} (${countSlots(entry.slots)} slots) ${flags}`,
      ...(entry.primaryId !== null ? [`   replicates ${entry.primaryId}`] : []),
      ...(entry.primaryId === null && replicas > 0 ? [`   ${replicas} additional replica(s)`] : []),
    ];
  });
}

/** Where no node answered, Redis' words are used. */
const REDIS = { product: 'redis', version: '7.0.0' } as const;

function isPrimary(node: ReachedNode): boolean {
  return roleOf(node.entry) === 'primary';
}

function replicaCounts(nodes: readonly ReachedNode[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { entry } of nodes) {
    if (entry.primaryId !== null) counts.set(entry.primaryId, (counts.get(entry.primaryId) ?? 0) + 1);
  }
  return counts;
}

/** `[0-99],[101-5460],[7000]`; a single slot has brackets too, and no slots print as nothing. */
function bracketed(slots: SlotSet): string {
  return slots.map((range) => `[${formatSlots([range])}]`).join(',');
}
