/**
 * A cluster with known keys in every slot, and the proof after each move that all of it is where it should be: a
 * program that is fast because it loses something, or ends before it is done, does not get a figure.
 */
import { present } from '../../src/lib/assert.ts';
import { type NodeEntry, roleOf } from '../../src/lib/model/node.ts';
import {
  countSlots,
  eachSlot,
  formatSlots,
  SLOT_COUNT,
  type SlotSet,
  unionSlots,
} from '../../src/lib/model/slot-set.ts';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { eventually } from '../support/eventually.ts';
import { formCluster } from '../support/formed-cluster.ts';
import type { ServerFlavor } from '../support/server-binaries.ts';
import { startServers } from '../support/servers.ts';
import { fill } from './fill.ts';
import { connectNodes, type NodeConnection } from './node-connections.ts';

export interface FilledClusterOptions {
  /** Default: that of the run. */
  readonly flavor?: ServerFlavor;
  /** 0 for a cluster without keys. */
  readonly keys: number;
  /** Primaries that have joined and have no slots. Default 0. */
  readonly emptyPrimaries?: number;
}

export interface FilledNode extends NodeConnection {
  readonly id: string;
}

const SHARDS = 3;
const SETTLE_TIMEOUT_MS = 30_000;
/** The servers' own default; while the cluster is formed it is shorter, because a new primary waits so long. */
const NODE_TIMEOUT_MS = 15_000;

/** Does `work` with three primaries, whose servers are killed however it ends. */
export async function withFilledCluster<Result>(
  { flavor, keys, emptyPrimaries = 0 }: FilledClusterOptions,
  work: (cluster: FilledCluster) => Promise<Result>,
): Promise<Result> {
  const of = flavor === undefined ? {} : { flavor };
  const formed = await formCluster({ ...of, shards: SHARDS });
  try {
    const keysInSlot = await fill(keys, (slot) => formed.ownerOf(slot).address);
    const empty = emptyPrimaries === 0 ? null : await startServers({ ...of, count: emptyPrimaries });
    try {
      const addresses = [...formed.primaries, ...(empty?.nodes ?? [])].map(({ address }) => address);
      return await withNodes(addresses, async (nodes) => {
        const cluster = new FilledCluster(nodes, keysInSlot);
        await cluster.join();
        return work(cluster);
      });
    } finally {
      await empty?.stop();
    }
  } finally {
    await formed.stop();
  }
}

export class FilledCluster {
  /** The three that had the slots at first, then the empty ones. */
  readonly nodes: readonly FilledNode[];
  readonly #keysInSlot: Uint32Array;

  constructor(nodes: readonly FilledNode[], keysInSlot: Uint32Array) {
    this.nodes = nodes;
    this.#keysInSlot = keysInSlot;
  }

  node(index: number): FilledNode {
    return present(this.nodes[index], `the cluster has a node ${index}`);
  }

  keysIn(slots: SlotSet): number {
    return [...eachSlot(slots)].reduce((sum, slot) => sum + (this.#keysInSlot[slot] ?? 0), 0);
  }

  /** Only {@link withFilledCluster} calls it: those without slots meet the others, and all wait as long as in production. */
  async join(): Promise<void> {
    const [host = '', port = ''] = this.node(0).address.split(':');
    for (const node of this.nodes.slice(SHARDS)) await node.ask('CLUSTER', 'MEET', host, port);
    for (const node of this.nodes) await node.ask('CONFIG', 'SET', 'cluster-node-timeout', `${NODE_TIMEOUT_MS}`);
    await this.settled();
  }

  /**
   * The slots of each node, in the order of the nodes, once all nodes agree and serve, every slot has an owner, none is
   * open, and each node has exactly the keys of its slots. Rejects with what is not so within half a minute.
   */
  settled(): Promise<readonly SlotSet[]> {
    return eventually(() => this.#look(), { what: 'all keys are where they belong', withinMs: SETTLE_TIMEOUT_MS });
  }

  async #look(): Promise<readonly SlotSet[]> {
    const texts = await Promise.all(this.nodes.map((node) => node.ask('CLUSTER', 'NODES')));
    const views = texts.map((text) => parseClusterNodes(text));
    const [first = [], ...others] = views;
    const beliefs = new Set(views.map(beliefOf));
    if (beliefs.size !== 1) throw new Error(`${others.length + 1} nodes have ${beliefs.size} views`);
    if (views.flat().some(({ migrating, importing }) => migrating.length + importing.length > 0))
      throw new Error('a slot is open');
    const owned = this.nodes.map(({ id }) => first.find((entry) => entry.id === id)?.slots ?? []);
    if (countSlots(unionSlots(...owned)) !== SLOT_COUNT) throw new Error('not all slots are served');
    // One that has just joined answers CLUSTERDOWN for some seconds yet.
    const states = await Promise.all(this.nodes.map((node) => node.ask('CLUSTER', 'INFO')));
    if (!states.every((text) => text.includes('cluster_state:ok'))) throw new Error('a node does not serve yet');
    const sizes = await Promise.all(this.nodes.map((node) => node.ask('DBSIZE')));
    for (const [index, slots] of owned.entries()) {
      if (Number(sizes[index]) !== this.keysIn(slots))
        throw new Error(`${this.node(index).address} has ${sizes[index]} keys, its slots ${this.keysIn(slots)}`);
    }
    return owned;
  }
}

async function withNodes<Result>(
  addresses: readonly string[],
  work: (nodes: readonly FilledNode[]) => Promise<Result>,
): Promise<Result> {
  const connections = await connectNodes(addresses);
  try {
    const ids = await Promise.all(connections.map((node) => node.ask('CLUSTER', 'MYID')));
    return await work(connections.map((node, index) => ({ ...node, id: present(ids[index], 'each node has an id') })));
  } finally {
    for (const connection of connections) connection.close();
  }
}

function beliefOf(entries: readonly NodeEntry[]): string {
  return entries
    .map((entry) => `${entry.id} ${roleOf(entry)} ${entry.address.port} ${formatSlots(entry.slots)}`)
    .sort()
    .join('\n');
}
