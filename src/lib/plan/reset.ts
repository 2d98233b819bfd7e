/** Making nodes empty again: the way back from a creation that failed or was interrupted. */
import type { Finding } from '../check/finding.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { keyCount } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import type { Planned } from './plan.ts';

/** Resets the nodes of `ids`. Refused as a whole where one of them holds keys or does not answer. */
export function planReset(topology: Topology, ids: ReadonlySet<NodeId>, intention: string): Planned {
  const nodes = topology.nodes.filter(({ id }) => ids.has(id));
  const refusals = nodes.flatMap(refusalsOf);
  if (refusals.length > 0) return { ok: false, refusals };
  const steps = nodes.map(
    ({ id, address }) => ({ kind: 'reset', node: { id, address: formatAddress(address) } }) as const,
  );
  return { ok: true, plan: { version: 1, intention, basis: basisOf(topology), steps, hazards: [] } };
}

function refusalsOf({ id, address, reach }: TopologyNode): readonly Finding[] {
  const where = formatAddress(address);
  if (!reach.ok) return [{ rule: 'unreachable', severity: 'error', message: reach.reason, nodeIds: [id] }];
  const keys = keyCount(reach.view);
  if (keys === 0) return [];
  return [
    {
      rule: 'has-keys',
      severity: 'error',
      message: `Node ${where} holds ${keys} keys, so it is not reset.`,
      nodeIds: [id],
    },
  ];
}
