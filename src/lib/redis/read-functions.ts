/** What functions do nodes have? A planner cannot see it in a topology. */
import { mapBounded } from '../bounded.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { byId, type NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import { isReached, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster } from './cluster.ts';

const CONCURRENT_NODES_MAX = 64;

/** See `Functions` in `plan/add-nodes.ts`. */
export interface FunctionComparison {
  readonly source: { readonly id: NodeId; readonly address: string } | null;
  readonly states: ReadonlyMap<NodeId, 'none' | 'same' | 'other'>;
}

/** What the primary with functions that has the lowest id has, and how each new node compares with it. */
export async function compareFunctions(
  cluster: Cluster,
  members: Topology,
  newcomers: Topology,
): Promise<FunctionComparison> {
  const added = newcomers.nodes.filter(isReached);
  const ids = new Set(added.map(({ id }) => id));
  const primaries = primariesOf(members)
    .filter((node) => isReached(node) && !ids.has(node.id))
    .sort(byId);
  const [theirs, own] = await Promise.all([
    readFunctions(
      cluster,
      primaries.map(({ address }) => address),
    ),
    readFunctions(
      cluster,
      added.map(({ address }) => address),
    ),
  ]);
  const index = theirs.findIndex((text) => text !== null && text !== '');
  const source = primaries[index];
  const states = added.map(({ id }, at): readonly [NodeId, 'none' | 'same' | 'other'] => {
    const text = own[at] ?? '';
    return [id, text === '' ? 'none' : text === theirs[index] ? 'same' : 'other'];
  });
  const ref = source === undefined ? null : { id: source.id, address: formatAddress(source.address) };
  return { source: ref, states: new Map(states) };
}

/**
 * A text for each node that is the same where the libraries and their code are the same, empty where there are none;
 * null where the server does not tell, as before Redis 7.0. Throws UNREACHABLE.
 */
function readFunctions(cluster: Cluster, addresses: readonly Address[]): Promise<readonly (string | null)[]> {
  return mapBounded(addresses, CONCURRENT_NODES_MAX, async (address) => {
    const [reply] = await cluster.callMany(address, [argv.functionList()]);
    if (reply === undefined || reply instanceof ReplyError || !Array.isArray(reply)) return null;
    // Neither the libraries nor their functions come in a certain order.
    return reply
      .map((library) => JSON.stringify(sorted(library)))
      .sort()
      .join('\n');
  });
}

function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const parts = value.map(sorted);
  const isList = parts.every((part) => Array.isArray(part));
  return isList ? [...parts].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : parts;
}
