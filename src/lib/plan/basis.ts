/**
 * What a plan was computed from, as canonical text: a plan applies only to nodes that still say the same. Sorted, so
 * that the order in which nodes were asked does not matter; addresses are left out, because ids are what counts.
 */
import type { NodeEntry } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import { formatSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';

/** One line for each node: id, role, primary, epoch, slots, open slots. */
export function basisOf(topology: Topology): string {
  const lines = topology.nodes.map(({ entry, reach }) => `${lineOf(entry)}${reach.ok ? '' : ' unreachable'}`);
  return lines.sort().join('\n');
}

/** What differs, for people: `-` lines are the plan's, `+` lines are what is there now. */
export function basisDifference(planned: string, now: string): readonly string[] {
  const before = new Set(planned.split('\n'));
  const after = new Set(now.split('\n'));
  const removed = [...before].filter((line) => !after.has(line)).map((line) => `- ${line}`);
  const added = [...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`);
  return [...removed, ...added];
}

function lineOf(entry: NodeEntry): string {
  const open = [
    ...entry.migrating.map(({ slot, peer }) => `[${slot}->-${peer}]`),
    ...entry.importing.map(({ slot, peer }) => `[${slot}-<-${peer}]`),
  ];
  const primary = entry.primaryId ?? '-';
  return [entry.id, roleOf(entry), primary, entry.configEpoch, formatSlots(entry.slots) || '-', ...open].join(' ');
}
