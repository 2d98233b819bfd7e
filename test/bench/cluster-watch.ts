/**
 * When does a new cluster serve? One observer for every program that makes one, and none of those programs' own.
 *
 * So as not to load the servers that are being measured, it waits at one node, the LAGGARD. Only when that one serves
 * does it look at all the others, a few at a time, and stops at the first that does not: the new laggard.
 */
import { present } from '../../src/lib/assert.ts';
import { mapBounded } from '../../src/lib/bounded.ts';
import { hasFlag, type NodeEntry, roleOf } from '../../src/lib/model/node.ts';
import { countSlots, formatSlots, SLOT_COUNT, unionSlots } from '../../src/lib/model/slot-set.ts';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { parseInfo } from '../../src/lib/wire/info.ts';
import { eventually } from '../support/eventually.ts';
import type { NodeConnection } from './node-connections.ts';

const READY_TIMEOUT_MS = 180_000;
const CONCURRENT_NODES_MAX = 8;

export class ClusterWatch {
  readonly #nodes: readonly NodeConnection[];
  readonly #primaries: number;
  #laggard = 0;

  /** `primaries`: as many of the nodes are to be primaries, the others replicas. */
  constructor(nodes: readonly NodeConnection[], { primaries }: { readonly primaries: number }) {
    this.#nodes = nodes;
    this.#primaries = primaries;
  }

  /** The time, as of `performance.now()`, when a look had shown that the cluster serves. */
  async untilReady(): Promise<number> {
    await eventually(() => this.look(), { what: 'the cluster serves', withinMs: READY_TIMEOUT_MS });
    return performance.now();
  }

  /**
   * Rejects with what is missing unless every node says cluster_state:ok, all have the same view (ids, roles, slots) of
   * as many primaries and replicas as expected, and every replica says master_link_status:up.
   */
  async look(): Promise<void> {
    const laggard = this.#laggard;
    await this.#lookAt(laggard);
    const views = await mapBounded([...this.#nodes.keys()], CONCURRENT_NODES_MAX, (index) => this.#lookAt(index));
    const [first] = views;
    const differing = views.findIndex((view) => view !== first);
    if (differing !== -1) this.#lacking(differing, 'has another view than the first node');
  }

  /** The view of a node that serves. */
  async #lookAt(index: number): Promise<string> {
    const node = present(this.#nodes[index], 'nodes are watched by their index');
    const [state, replication, text] = await Promise.all([
      node.ask('CLUSTER', 'INFO'),
      node.ask('INFO', 'replication'),
      node.ask('CLUSTER', 'NODES'),
    ]);
    // A handshake is a stranger with a name for the moment, not yet or no longer a part of the view.
    const entries = parseClusterNodes(text).filter((entry) => !hasFlag(entry, 'handshake'));
    const { role, master_link_status: link } = parseInfo(replication);
    if (parseInfo(state)['cluster_state'] !== 'ok') this.#lacking(index, 'does not say cluster_state:ok');
    if (role === 'slave' && link !== 'up') this.#lacking(index, 'is a replica whose link is not up');
    if (!this.#isComplete(entries)) this.#lacking(index, 'does not see all nodes in their places');
    return entries.map(beliefOf).sort().join('\n');
  }

  #isComplete(entries: readonly NodeEntry[]): boolean {
    const primaries = entries.filter((entry) => roleOf(entry) === 'primary');
    return (
      entries.length === this.#nodes.length &&
      primaries.length === this.#primaries &&
      countSlots(unionSlots(...primaries.map(({ slots }) => slots))) === SLOT_COUNT
    );
  }

  #lacking(index: number, reason: string): never {
    this.#laggard = index;
    throw new Error(`${this.#nodes[index]?.address} ${reason}`);
  }
}

function beliefOf(entry: NodeEntry): string {
  return `${entry.id} ${roleOf(entry)} ${entry.primaryId ?? '-'} ${formatSlots(entry.slots)}`;
}
