/** What the nodes of a fake cluster say of each other, as a topology. */
import type { Address } from '../../src/lib/model/address.ts';
import type { Flavor } from '../../src/lib/model/flavor.ts';
import type { NodeEntry, OpenSlot } from '../../src/lib/model/node.ts';
import { SLOT_COUNT, slotSetOf, unionSlots } from '../../src/lib/model/slot-set.ts';
import type { Topology, TopologyNode } from '../../src/lib/model/topology.ts';
import type { FakeNode } from './fake-node.ts';

export interface FakeTopologyOptions {
  /** How many slots, from 0, have an owner of their own choosing and may move. */
  readonly slotCount: number;
  /** Default: Redis 7.0.15. */
  readonly flavor?: Flavor;
}

/** The seed first, as an observation has it; a node that is down is in it, unreached. */
export function topologyOf(nodes: readonly FakeNode[], seed: Address, options: FakeTopologyOptions): Topology {
  const seen = nodes.map((node) => topologyNode(node, nodes, options));
  const first = seen.findIndex(({ address }) => address.port === seed.port);
  return { seed, nodes: [...seen.slice(first, first + 1), ...seen.slice(0, first), ...seen.slice(first + 1)] };
}

function topologyNode(node: FakeNode, nodes: readonly FakeNode[], options: FakeTopologyOptions): TopologyNode {
  const { host, port } = node.address;
  const base = { id: node.id, address: { host, port }, peerAddress: node.address };
  if (node.isDown) {
    return { ...base, entry: entryOf(node, node, options), reach: { ok: false, reason: 'Connection refused' } };
  }
  const entries = nodes.map((other) => entryOf(other, node, options));
  return {
    ...base,
    entry: entryOf(node, node, options),
    reach: {
      ok: true,
      view: {
        flavor: options.flavor ?? { product: 'redis', version: '7.0.15' },
        entries,
        clusterInfo: { cluster_state: 'ok', cluster_known_nodes: `${entries.length}` },
        info: {
          ...(node.primaryId === null ? { role: 'master' } : { role: 'slave', master_link_status: 'up' }),
          ...(node.keys.size === 0 ? {} : { db0: `keys=${node.keys.size}` }),
        },
        migrations: [],
      },
    },
  };
}

/** What `viewer` says about `node`. */
function entryOf(node: FakeNode, viewer: FakeNode, { slotCount }: FakeTopologyOptions): NodeEntry {
  const own = [...viewer.owners].filter(([, owner]) => owner === node.id).map(([slot]) => slot);
  const flags = [
    ...(node === viewer && !node.isDown ? ['myself'] : []),
    node.primaryId === null ? 'master' : 'slave',
    ...(node.isDown ? ['fail'] : []),
  ];
  return {
    id: node.id,
    address: node.address,
    aux: {},
    flags,
    primaryId: node.primaryId,
    pingSentMs: 0,
    pongReceivedMs: 0,
    configEpoch: node.epoch,
    link: 'connected',
    slots: unionSlots(slotSetOf(own), node.hasOtherSlots ? [[slotCount, SLOT_COUNT - 1]] : []),
    migrating: node === viewer ? openIn(node.migrating) : [],
    importing: node === viewer ? openIn(node.importing) : [],
  };
}

function openIn(flags: ReadonlyMap<number, OpenSlot['peer']>): readonly OpenSlot[] {
  return [...flags].sort(([a], [b]) => a - b).map(([slot, peer]) => ({ slot, peer }));
}
