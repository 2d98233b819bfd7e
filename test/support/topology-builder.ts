/**
 * Builds topologies for tests in the words of the domain:
 *
 *   topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' }).replica('c', { of: 'a' }).build()
 *
 * Every node knows every other and all views agree, unless `lonely` (knows only itself) or `sees` say otherwise.
 */
import { createHash } from 'node:crypto';
import { present } from '../../src/lib/assert.ts';
import type { Flavor } from '../../src/lib/model/flavor.ts';
import type { NodeEntry, NodeId, OpenSlot } from '../../src/lib/model/node.ts';
import { parseSlots } from '../../src/lib/model/slot-set.ts';
import type { SlotMigration, Topology, TopologyNode } from '../../src/lib/model/topology.ts';

export interface NodeOptions {
  /** Default 10.0.0.N, N counting from 1 in the order of declaration. */
  readonly host?: string;
  /** Default 7000. */
  readonly port?: number;
  /** As in `0-5460,7000`. Default none. */
  readonly slots?: string;
  /** Default: 1, 2, … in order of declaration; a replica has its primary's. */
  readonly epoch?: number;
  /** Flags beside role and `myself`, such as `fail?`. */
  readonly flags?: readonly string[];
  readonly migrating?: Readonly<Record<number, string>>;
  readonly importing?: Readonly<Record<number, string>>;
  /** The reason why it does not answer. */
  readonly unreachable?: string;
  /** Knows only itself, and no other knows it. */
  readonly lonely?: boolean;
  readonly flavor?: Flavor;
  readonly info?: Readonly<Record<string, string>>;
  readonly clusterInfo?: Readonly<Record<string, string>>;
  readonly migrations?: readonly SlotMigration[];
}

interface Declared extends NodeOptions {
  readonly name: string;
  readonly primary: string | null;
}

/** The id of the node that a test calls `name`. */
export function nodeId(name: string): NodeId {
  return createHash('sha1').update(name).digest('hex') as NodeId;
}

/** A migration of slots 0-100 and 200-300 inside the servers, from `a` to `b`, as its source reports it. */
export const RUNNING_MIGRATION: SlotMigration = {
  id: 'job-1',
  side: 'source',
  slotRanges: '0-100 200-300',
  sourceId: nodeId('a'),
  targetId: nodeId('b'),
  state: 'snapshotting',
  isRunning: true,
  message: '',
};

export function topology(): TopologyBuilder {
  return new TopologyBuilder([], []);
}

type EntryEdit = (entries: readonly NodeEntry[]) => readonly NodeEntry[];

class TopologyBuilder {
  readonly #declared: readonly Declared[];
  readonly #edits: readonly (readonly [string, EntryEdit])[];

  constructor(declared: readonly Declared[], edits: readonly (readonly [string, EntryEdit])[]) {
    this.#declared = declared;
    this.#edits = edits;
  }

  primary(name: string, options: NodeOptions = {}): TopologyBuilder {
    return new TopologyBuilder([...this.#declared, { ...options, name, primary: null }], this.#edits);
  }

  replica(name: string, options: NodeOptions & { readonly of: string }): TopologyBuilder {
    return new TopologyBuilder([...this.#declared, { ...options, name, primary: options.of }], this.#edits);
  }

  /** Changes what the named node believes. */
  sees(name: string, edit: EntryEdit): TopologyBuilder {
    return new TopologyBuilder(this.#declared, [...this.#edits, [name, edit]]);
  }

  build(): Topology {
    const entries = new Map(this.#declared.map((node, index) => [node.name, this.#entry(node, index)]));
    const nodes = this.#declared.map((node) => this.#node(node, entries));
    return { seed: present(nodes[0], 'a test topology has a node').address, nodes };
  }

  #node(node: Declared, entries: ReadonlyMap<string, NodeEntry>): TopologyNode {
    const own = present(entries.get(node.name), 'every declared node has an entry');
    const entry = node.unreachable ? own : { ...own, flags: ['myself', ...own.flags] };
    const address = { host: own.address.host, port: own.address.port };
    const base = { id: own.id, address, peerAddress: own.address };
    if (node.unreachable) return { ...base, entry, reach: { ok: false, reason: node.unreachable } };
    const others = this.#declared.filter((other) => other.name !== node.name && !other.lonely && !node.lonely);
    const known = [
      entry,
      ...others.map((other) => present(entries.get(other.name), 'every declared node has an entry')),
    ];
    const seen = this.#edits
      .filter(([name]) => name === node.name)
      .reduce((list, [, edit]) => edit(list), known as readonly NodeEntry[]);
    return {
      ...base,
      entry,
      reach: {
        ok: true,
        view: {
          flavor: node.flavor ?? { product: 'redis', version: '7.0.15' },
          entries: seen,
          clusterInfo: { cluster_state: 'ok', cluster_known_nodes: `${seen.length}`, ...node.clusterInfo },
          info: {
            role: node.primary === null ? 'master' : 'slave',
            ...(node.primary === null ? {} : { master_link_status: 'up' }),
            used_memory: '1000000',
            maxmemory: '0',
            ...node.info,
          },
          migrations: node.migrations ?? [],
        },
      },
    };
  }

  #entry(node: Declared, index: number): NodeEntry {
    const primaryIndex = this.#declared.findIndex((other) => other.name === node.primary);
    const port = node.port ?? 7000;
    return {
      id: nodeId(node.name),
      address: { host: node.host ?? `10.0.0.${index + 1}`, port, busPort: port + 10000 },
      aux: {},
      flags: [node.primary === null ? 'master' : 'slave', ...(node.flags ?? [])],
      primaryId: node.primary === null ? null : nodeId(node.primary),
      pingSentMs: 0,
      pongReceivedMs: 1_700_000_000_000,
      configEpoch: node.epoch ?? (primaryIndex === -1 ? index : primaryIndex) + 1,
      link: 'connected',
      slots: present(parseSlots(node.slots ?? ''), 'the test names slots as in 0-5460,7000'),
      migrating: openSlots(node.migrating),
      importing: openSlots(node.importing),
    };
  }
}

function openSlots(peers: Readonly<Record<number, string>> = {}): readonly OpenSlot[] {
  return Object.entries(peers).map(([slot, peer]) => ({ slot: Number(slot), peer: nodeId(peer) }));
}
