/** What do the other nodes think of a node? Counted over all views. */
import type { NodeEntry, NodeId } from '../model/node.ts';
import { hasFlag } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';

export interface Standing {
  /** How many other nodes list this one; the counts below are of these. */
  readonly views: number;
  /** `fail`: a majority of primaries agreed that it is down. */
  readonly failed: number;
  /** `fail?`: this one node gets no answer from it. */
  readonly suspected: number;
  /** `handshake`: met, but not yet confirmed. */
  readonly handshake: number;
  /** `noaddr`: known by name, but not where it is. */
  readonly addressless: number;
}

/** The standing of every node in the topology, in one pass over all views. A node that no other lists has zeros. */
export function standings(topology: Topology): ReadonlyMap<NodeId, Standing> {
  const counts = new Map(topology.nodes.map((node) => [node.id, emptyCount()]));
  for (const node of reachedNodes(topology)) {
    for (const entry of node.reach.view.entries) {
      const count = counts.get(entry.id);
      if (count !== undefined && entry.id !== node.id) add(count, entry);
    }
  }
  return counts;
}

type Count = { -readonly [Key in keyof Standing]: number };

function emptyCount(): Count {
  return { views: 0, failed: 0, suspected: 0, handshake: 0, addressless: 0 };
}

function add(count: Count, entry: NodeEntry): void {
  count.views += 1;
  if (entry.flags.length < 2) return; // a role and nothing else: nearly every entry of nearly every view
  if (hasFlag(entry, 'fail')) count.failed += 1;
  if (hasFlag(entry, 'fail?')) count.suspected += 1;
  if (hasFlag(entry, 'handshake')) count.handshake += 1;
  if (hasFlag(entry, 'noaddr')) count.addressless += 1;
}
