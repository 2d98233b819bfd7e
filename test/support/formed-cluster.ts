/**
 * A cluster that serves, for tests that are not about creating one, and ways to break it.
 *
 * The plain commands, in the order in which they take effect at once:
 *
 *   SET-CONFIG-EPOCH, ADDSLOTSRANGE   first, because the delay before a primary serves counts from its first slot
 *   MEET, each node with each other   so that nobody has to wait for gossip
 *   REPLICATE                         once every node is known to every other
 *   MEET again                        makes the receiver take the sender's news at once
 */
import { present } from '../../src/lib/assert.ts';
import { identifyProcess } from '../../src/lib/local/process-identity.ts';
import { hasFlag, type NodeEntry, type NodeFlag } from '../../src/lib/model/node.ts';
import { hasSlot, SLOT_COUNT } from '../../src/lib/model/slot-set.ts';
import { type ClusterNode, ClusterViews } from './cluster-views.ts';
import { eventually } from './eventually.ts';
import { NodeConnections } from './node-connections.ts';
import type { RawReply } from './raw-command.ts';
import { type ServersOptions, startServers, type TestServers } from './servers.ts';

export type { ClusterNode } from './cluster-views.ts';

export interface FormedClusterOptions extends Omit<ServersOptions, 'count'> {
  /** How many primaries; the slots are divided among them evenly, as redis-cli does. */
  readonly shards: number;
  /** Of each primary. With several hosts, a replica is not on the host of its primary. */
  readonly replicas?: number;
}

/**
 * Resolves when every node says `cluster_state:ok`, all views are the same and every replica has its link; rejects with
 * no server left running.
 */
export async function formCluster(options: FormedClusterOptions): Promise<FormedCluster> {
  const { shards, replicas = 0 } = options;
  const servers = await startServers({ ...options, count: shards * (1 + replicas) });
  const connections = new NodeConnections(servers, options.password);
  try {
    const ids = await Promise.all(servers.nodes.map((node) => connections.call(node, ['CLUSTER', 'MYID'])));
    const nodes = servers.nodes.map((node, index) => ({ ...node, id: String(ids[index]) }));
    const cluster = new FormedCluster(nodes.slice(0, shards), nodes.slice(shards), servers, connections);
    await cluster.form();
    return cluster;
  } catch (error) {
    connections.close();
    await servers.stop();
    throw error;
  }
}

export class FormedCluster {
  /** As formed: roles may have changed since. Replica i follows primary (i + 1) modulo the number of primaries. */
  readonly primaries: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
  readonly certificates: TestServers['certificates'];
  readonly #servers: TestServers;
  readonly #connections: NodeConnections;
  readonly #views: ClusterViews;

  constructor(
    primaries: readonly ClusterNode[],
    replicas: readonly ClusterNode[],
    servers: TestServers,
    connections: NodeConnections,
  ) {
    this.primaries = primaries;
    this.replicas = replicas;
    this.certificates = servers.certificates;
    this.#servers = servers;
    this.#connections = connections;
    this.#views = new ClusterViews(this.nodes, connections);
  }

  /** Every node, also those that were killed. */
  get nodes(): readonly ClusterNode[] {
    return [...this.primaries, ...this.replicas];
  }

  /** `host:port` of the first primary. */
  get seed(): string {
    return this.primary(0).address;
  }

  primary(index: number): ClusterNode {
    return present(this.primaries[index], `the test formed a cluster with primary ${index}`);
  }

  replica(index: number): ClusterNode {
    return present(this.replicas[index], `the test formed a cluster with replica ${index}`);
  }

  /** The primary that the replica followed when the cluster was formed. */
  primaryOf(replica: ClusterNode): ClusterNode {
    return this.primary((this.replicas.indexOf(replica) + 1) % this.primaries.length);
  }

  /** One command to one node. Rejects with the server's error reply. */
  call(node: ClusterNode, ...argv: readonly string[]): Promise<RawReply> {
    return this.#views.call(node, ...argv);
  }

  /** The lines of the node's CLUSTER NODES. */
  view(node: ClusterNode): Promise<readonly NodeEntry[]> {
    return this.#views.view(node);
  }

  /** `key:0`, `key:1`, …: each key where it belongs. */
  async putKeys(count: number): Promise<void> {
    const sets = Array.from({ length: count }, (_, index) => ['SET', `key:${index}`, `${index}`]);
    const stored = await Promise.all(
      this.primaries.map(async (node) => {
        const replies = await Promise.allSettled(sets.map((argv) => this.#connections.call(node, argv)));
        return replies.filter(({ status }) => status === 'fulfilled').length;
      }),
    );
    const total = stored.reduce((sum, each) => sum + each, 0);
    if (total !== count) throw new Error(`${total} of ${count} keys were stored.`);
  }

  /** Puts a key on a node that does not own its slot, as an interrupted move does. */
  async plantKey(node: ClusterNode, key: string): Promise<void> {
    const slot = String(await this.call(node, 'CLUSTER', 'KEYSLOT', key));
    await Promise.all([
      this.call(node, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', this.ownerOf(Number(slot)).id),
      this.call(node, 'ASKING'),
      this.call(node, 'SET', key, 'planted'),
      this.call(node, 'CLUSTER', 'SETSLOT', slot, 'STABLE'),
    ]);
  }

  /** The primary that got this slot when the cluster was formed. */
  ownerOf(slot: number): ClusterNode {
    const index = this.primaries.findIndex((_, each) => slot <= lastSlot(each, this.primaries.length));
    return this.primary(index);
  }

  /** Half-way from its owner to another primary: `importing` there, `migrating` here, or both. */
  async openSlot(slot: number, to: ClusterNode, sides: 'both' | 'migrating' | 'importing' = 'both'): Promise<void> {
    const from = this.ownerOf(slot);
    if (sides !== 'migrating') await this.call(to, 'CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', from.id);
    if (sides !== 'importing') await this.call(from, 'CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', to.id);
  }

  /**
   * Nobody owns the slot, and all agree. The owner is told FIRST: while it has the slot, its next ping gives it back.
   * A ping may have been under way, so it is looked at again.
   */
  async unassignSlot(slot: number): Promise<void> {
    const order = [this.ownerOf(slot), ...this.nodes.filter((node) => node !== this.ownerOf(slot))];
    await eventually(
      async () => {
        const taken: string[] = [];
        for (const node of order) {
          const owner = (await this.view(node)).find((entry) => hasSlot(entry.slots, slot));
          if (owner === undefined) continue;
          await this.call(node, 'CLUSTER', 'DELSLOTS', `${slot}`);
          taken.push(node.address);
        }
        if (taken.length > 0) throw new Error(`it had an owner for ${taken.join(', ')}`);
      },
      { what: `nobody owns slot ${slot}` },
    );
  }

  /** Its owner alone takes `to` for the owner of the slot, which does not know of it: it stays so. */
  async giveAway(slot: number, to: ClusterNode): Promise<void> {
    await this.call(this.ownerOf(slot), 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', to.id);
  }

  /** These forget the node, and do not learn of it again for a minute. See {@link spreadsForgetting}. */
  async forget(node: ClusterNode, by: readonly ClusterNode[]): Promise<void> {
    await eventually(
      async () => {
        const views = await Promise.all(by.map((each) => this.view(each)));
        const mindful = by.filter((_, index) => views[index]?.some((entry) => entry.id === node.id));
        // One that hears of it from another meanwhile answers that it does not know the node.
        await Promise.allSettled(mindful.map((each) => this.call(each, 'CLUSTER', 'FORGET', node.id)));
        if (mindful.length > 0) throw new Error(`${mindful.map(({ address }) => address).join(', ')} knew it`);
      },
      { what: `${node.address} is forgotten` },
    );
  }

  /** True where a node that forgets makes the others forget too: Redis from 7.2 on, and Valkey. */
  async spreadsForgetting(): Promise<boolean> {
    const info = String(await this.call(this.primary(0), 'INFO', 'server'));
    const [, major = 0, minor = 0] = /^redis_version:(\d+)\.(\d+)/m.exec(info) ?? [];
    return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 2);
  }

  /** SIGKILL; resolves when the process has ended. */
  async kill(node: ClusterNode): Promise<void> {
    this.#views.silence(node);
    process.kill(node.pid, 'SIGKILL');
    const ended = (): void => {
      if (identifyProcess(node.pid) !== null) throw new Error('it is still there');
    };
    await eventually(ended, { what: `${node.address} has ended` });
  }

  /** Kills the servers where they still run, and starts them again with their files; resolves before they serve. */
  async restart(...nodes: readonly ClusterNode[]): Promise<void> {
    await Promise.all(nodes.filter(({ pid }) => identifyProcess(pid) !== null).map((node) => this.kill(node)));
    for (const node of nodes) {
      node.pid = this.#servers.launchAgain(node.port);
      this.#views.listenTo(node);
    }
  }

  /** Until every node that was not silenced says `cluster_state:ok`, and all views are the same. */
  async untilServing(): Promise<void> {
    await this.#views.untilServing();
  }

  /** SIGSTOP: connections to it are accepted by the system, and never answered. */
  pause(node: ClusterNode): void {
    this.#views.silence(node);
    process.kill(node.pid, 'SIGSTOP');
  }

  /** Until every node that answers flags the silent one so. */
  async untilFlagged(node: ClusterNode, flag: NodeFlag): Promise<void> {
    await this.#views.untilAllSee(`${node.address} is flagged ${flag}`, (entries) =>
      entries.some((entry) => entry.id === node.id && hasFlag(entry, flag)),
    );
  }

  /** Until every node that answers serves and takes the replica for a primary with slots. */
  async untilPromoted(replica: ClusterNode): Promise<void> {
    await this.#views.untilAllSee(`${replica.address} is promoted`, (entries) =>
      entries.some((entry) => entry.id === replica.id && hasFlag(entry, 'master') && entry.slots.length > 0),
    );
    await this.untilServing();
  }

  /** Kills the servers, paused ones too, and removes their folders. */
  async stop(): Promise<void> {
    this.#connections.close();
    await this.#servers.stop();
  }

  /** See the head of this file. Only {@link formCluster} calls it. */
  async form(): Promise<void> {
    await Promise.all(
      this.primaries.map(async (node, index) => {
        const first = index === 0 ? 0 : lastSlot(index - 1, this.primaries.length) + 1;
        const last = lastSlot(index, this.primaries.length);
        await this.call(node, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
        await this.call(node, 'CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${last}`);
      }),
    );
    await this.#meet();
    await this.#views.untilJoined();
    await Promise.all(this.replicas.map((node) => this.call(node, 'CLUSTER', 'REPLICATE', this.primaryOf(node).id)));
    await this.#meet();
    await this.#views.untilServing();
    await Promise.all(this.replicas.map((node) => this.#views.untilLinked(node)));
  }

  async #meet(): Promise<void> {
    const busPorts = await Promise.all(this.nodes.map((node) => this.#busPort(node)));
    await Promise.all(
      this.nodes.map((node) =>
        Promise.all(
          this.nodes.map(async (other, index) => {
            if (other === node) return;
            await this.call(node, 'CLUSTER', 'MEET', other.host, `${other.port}`, `${busPorts[index]}`);
          }),
        ),
      ),
    );
  }

  async #busPort(node: ClusterNode): Promise<number> {
    const own = (await this.view(node)).find((entry) => hasFlag(entry, 'myself'));
    return present(own, 'a node knows itself').address.busPort;
  }
}

function lastSlot(index: number, shards: number): number {
  return Math.round(((index + 1) * SLOT_COUNT) / shards) - 1;
}
