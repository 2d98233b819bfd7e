/** How a plan names the nodes that it was made from. */
import { nameOf } from '../check/words.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { NodeRef } from './plan.ts';

/** A node that is known by name only, without an address, is named by its id. */
export function refTo(node: TopologyNode): NodeRef {
  return { id: node.id, address: node.address.host === '' ? node.id : nameOf(node) };
}
