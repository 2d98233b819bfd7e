import { nameOf } from '../check/words.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { NodeRef } from './plan.ts';

/** The node as plans name it; by its id where its address is not known. */
export function refTo(node: TopologyNode): NodeRef {
  return { id: node.id, address: node.address.host === '' ? node.id : nameOf(node) };
}
