/** A shard of a cluster that is to be made. */
import type { SlotSet } from '../model/slot-set.ts';
import type { TopologyNode } from '../model/topology.ts';

export interface PlannedShard {
  readonly primary: TopologyNode;
  readonly replicas: readonly TopologyNode[];
  readonly slots: SlotSet;
}

/**
 * The host that a node is on, for telling hosts apart: the address that other nodes use, because one host may have been
 * typed under several names.
 */
export function hostOf(node: TopologyNode): string {
  return node.peerAddress.host || node.address.host;
}
