/** What the nodes of a cluster say of each other, seen past the program, and waiting until they say it. */
import { hasFlag, type NodeEntry } from '../../src/lib/model/node.ts';
import { formatSlots } from '../../src/lib/model/slot-set.ts';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { eventually } from './eventually.ts';
import type { NodeConnections } from './node-connections.ts';
import type { RawReply } from './raw-command.ts';
import type { TestServer } from './servers.ts';

export interface ClusterNode extends TestServer {
  readonly id: string;
}

export class ClusterViews {
  readonly #nodes: readonly ClusterNode[];
  readonly #connections: NodeConnections;
  /** Killed or paused by the test: they are not asked any more. */
  readonly #silent = new Set<ClusterNode>();

  constructor(nodes: readonly ClusterNode[], connections: NodeConnections) {
    this.#nodes = nodes;
    this.#connections = connections;
  }

  /** One command to one node. Rejects with the server's error reply. */
  call(node: ClusterNode, ...argv: readonly string[]): Promise<RawReply> {
    return this.#connections.call(node, argv);
  }

  /** The lines of the node's CLUSTER NODES. */
  async view(node: ClusterNode): Promise<readonly NodeEntry[]> {
    return parseClusterNodes(String(await this.call(node, 'CLUSTER', 'NODES')));
  }

  /** The node is not asked any more. */
  silence(node: ClusterNode): void {
    this.#silent.add(node);
    this.#connections.drop(node);
  }

  /** The node is asked again, over a new connection. */
  listenTo(node: ClusterNode): void {
    this.#silent.delete(node);
    this.#connections.drop(node);
  }

  /** Until every node that is asked says `cluster_state:ok`, and all views are the same. */
  async untilServing(): Promise<void> {
    await eventually(
      async () => {
        const states = await Promise.all(this.#speaking().map((node) => this.call(node, 'CLUSTER', 'INFO')));
        const views = await Promise.all(this.#speaking().map((node) => this.view(node)));
        if (!states.every((info) => String(info).includes('cluster_state:ok'))) throw new Error('not all say ok');
        if (new Set(views.map(signatureOf)).size !== 1) throw new Error('the views differ');
      },
      { what: 'the cluster serves' },
    );
  }

  async untilLinked(replica: ClusterNode): Promise<void> {
    await eventually(
      async () => {
        const info = await this.call(replica, 'INFO', 'replication');
        if (!String(info).includes('master_link_status:up')) throw new Error('the link is down');
      },
      { what: `${replica.address} follows its primary` },
    );
  }

  /** Until it holds of the view of every node that is asked. */
  async untilAllSee(what: string, holds: (entries: readonly NodeEntry[]) => boolean): Promise<void> {
    await eventually(
      async () => {
        const views = await Promise.all(this.#speaking().map((node) => this.view(node)));
        if (!views.every(holds)) throw new Error('not all see it so');
      },
      { what },
    );
  }

  /** Until every node that is asked knows all of the cluster, and is connected to it. */
  async untilJoined(): Promise<void> {
    await this.untilAllSee('every node knows every other', (entries) => {
      const known = entries.filter((entry) => !hasFlag(entry, 'handshake') && entry.link === 'connected');
      return known.length === this.#nodes.length && entries.length === this.#nodes.length;
    });
  }

  #speaking(): readonly ClusterNode[] {
    return this.#nodes.filter((node) => !this.#silent.has(node));
  }
}

/** Who is what, and has which slots. */
function signatureOf(entries: readonly NodeEntry[]): string {
  return entries
    .map(({ id, flags, primaryId, slots }) => {
      const lasting = flags.filter((flag) => flag !== 'myself').join(',');
      return `${id} ${lasting} ${primaryId} ${formatSlots(slots)}`;
    })
    .sort()
    .join('\n');
}
