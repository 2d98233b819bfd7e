/**
 * One slot of a formed cluster, with keys, that is brought half-way from its owner to another primary by raw commands:
 * the words from which `half-migrated-states.ts` makes each state that an interrupted move may leave.
 *
 *   CLUSTER SETSLOT … IMPORTING, MIGRATING   the marks, on one side or both
 *   MIGRATE, MIGRATE … COPY                  a key on the other side, or on both
 *   ASKING, then a write                     a key, or another value, on a side that does not own the slot
 *   CLUSTER SETSLOT … STABLE                 takes the marks away, not the keys
 */
import { present } from '../../src/lib/assert.ts';
import { hasFlag } from '../../src/lib/model/node.ts';
import type { SlotRange } from '../../src/lib/model/slot-set.ts';
import type { ByteClients, ByteReply, Bytes } from './byte-clients.ts';
import { eventually } from './eventually.ts';
import type { ClusterNode, FormedCluster } from './formed-cluster.ts';
import { namesIn } from './key-slot.ts';
import { putAllKinds, type StoredKey, storedIn } from './keys-of-all-kinds.ts';

/** Two of each kind. */
const KEYS = 16;
const MIGRATE_TIMEOUT_MS = 5000;

export interface SceneOptions {
  /** Who owns the slot now; default: who got it when the cluster was formed. */
  readonly source?: ClusterNode;
  /** Default: the primary after the source. */
  readonly target?: ClusterNode;
  /** How many keys the slot gets. */
  readonly keys?: number;
}

/** A slot that is whole, with keys of all kinds at its owner. */
export async function openScene(
  formed: FormedCluster,
  clients: ByteClients,
  slot: number,
  options: SceneOptions = {},
): Promise<Scene> {
  const { source = formed.ownerOf(slot), keys = KEYS } = options;
  const { target = otherThan(formed, [source]) } = options;
  if (keys > 0) await putAllKinds(clients, source.address, [slot, slot], keys);
  const before = await storedIn(clients, addressesOf(formed));
  return new Scene(formed, clients, slot, source, target, before);
}

/** As {@link openScene}, one for each slot of the range, which has one owner; they share `keys` keys. */
export async function openScenes(
  formed: FormedCluster,
  clients: ByteClients,
  [first, last]: SlotRange,
  { keys = KEYS, ...parties }: SceneOptions = {},
): Promise<readonly Scene[]> {
  const { source = formed.ownerOf(first), target = otherThan(formed, [source]) } = parties;
  await putAllKinds(clients, source.address, [first, last], keys);
  const before = await storedIn(clients, addressesOf(formed));
  return Array.from(
    { length: last - first + 1 },
    (_, index) => new Scene(formed, clients, first + index, source, target, before),
  );
}

export class Scene {
  readonly formed: FormedCluster;
  readonly clients: ByteClients;
  readonly slot: number;
  /** Owns the slot at the beginning. */
  readonly source: ClusterNode;
  readonly target: ClusterNode;
  /** What the cluster held while the slot was whole: so it has to be again. */
  readonly before: readonly StoredKey[];

  constructor(
    formed: FormedCluster,
    clients: ByteClients,
    slot: number,
    source: ClusterNode,
    target: ClusterNode,
    before: readonly StoredKey[],
  ) {
    this.formed = formed;
    this.clients = clients;
    this.slot = slot;
    this.source = source;
    this.target = target;
    this.before = before;
  }

  /** A primary that is neither source nor target. */
  get third(): ClusterNode {
    return otherThan(this.formed, [this.source, this.target]);
  }

  async importing(at: ClusterNode, from: ClusterNode): Promise<void> {
    await this.#setSlot(at, 'IMPORTING', from.id);
  }

  async migrating(at: ClusterNode, to: ClusterNode): Promise<void> {
    await this.#setSlot(at, 'MIGRATING', to.id);
  }

  async stable(...at: readonly ClusterNode[]): Promise<void> {
    for (const node of at) await this.#setSlot(node, 'STABLE');
  }

  async setOwner(at: ClusterNode, owner: ClusterNode): Promise<void> {
    await this.#setSlot(at, 'NODE', owner.id);
  }

  /** Both marks, as a move sets them: the target FIRST. */
  async open(): Promise<void> {
    await this.importing(this.target, this.source);
    await this.migrating(this.source, this.target);
  }

  /** The names of the slot's keys at this node, in a lasting order. */
  async namesAt(node: ClusterNode): Promise<readonly Buffer[]> {
    const names = await this.clients.call(node.address, ['CLUSTER', 'GETKEYSINSLOT', `${this.slot}`, '10000']);
    return [...(names as readonly Buffer[])].sort(Buffer.compare);
  }

  /** Every second key of the source goes to the node, which is importing from it. */
  async moveHalf(to: ClusterNode): Promise<void> {
    const names = await this.namesAt(this.source);
    await this.move(
      names.filter((_, index) => index % 2 === 0),
      to,
    );
  }

  /** All keys of the source go to the node, which is importing from it. */
  async moveAll(to: ClusterNode): Promise<void> {
    await this.move(await this.namesAt(this.source), to);
  }

  async move(names: readonly Buffer[], to: ClusterNode): Promise<void> {
    await this.#migrate(names, to, []);
  }

  /** The same keys with equal values on both sides: a MIGRATE whose answer, and DEL, never came. */
  async copy(names: readonly Buffer[], to: ClusterNode): Promise<void> {
    await this.#migrate(names, to, ['COPY']);
  }

  /** One command about a key of the slot to a node that is importing the slot. */
  asking(node: ClusterNode, ...argv: readonly Bytes[]): Promise<ByteReply> {
    return this.clients.call(node.address, ['ASKING'], argv);
  }

  /** As `asking`, to a node without marks, which has none afterwards either. */
  async plant(node: ClusterNode, ...argv: readonly Bytes[]): Promise<void> {
    await this.importing(node, this.source);
    await this.asking(node, ...argv);
    await this.stable(node);
  }

  /** The key's value as a node has it that owns, exports or imports the slot; null where it has none. */
  async dumpAt(node: ClusterNode, key: Buffer): Promise<Buffer | null> {
    return (await this.asking(node, 'DUMP', key)) as Buffer | null;
  }

  /** Until every primary has this node for the owner of the slot. */
  async untilOwnedBy(owner: ClusterNode): Promise<void> {
    await eventually(
      async () => {
        for (const node of this.formed.primaries) {
          const seen = await ownerSeenBy(this.formed, node, this.slot);
          if (seen !== owner.id) throw new Error(`${node.address} takes ${seen} for it`);
        }
      },
      { what: `${owner.address} owns slot ${this.slot} for all` },
    );
  }

  async #setSlot(at: ClusterNode, ...words: readonly string[]): Promise<void> {
    await this.formed.call(at, 'CLUSTER', 'SETSLOT', `${this.slot}`, ...words);
  }

  async #migrate(names: readonly Buffer[], to: ClusterNode, options: readonly string[]): Promise<void> {
    const destination = [to.host, `${to.port}`, '', '0', `${MIGRATE_TIMEOUT_MS}`];
    await this.clients.call(this.source.address, ['MIGRATE', ...destination, ...options, 'KEYS', ...names]);
  }
}

/** The id of the node that this one takes for the slot's owner; null for nobody. */
export async function ownerSeenBy(formed: FormedCluster, node: ClusterNode, slot: number): Promise<string | null> {
  const entries = await formed.view(node);
  const owner = entries.find(
    (entry) => hasFlag(entry, 'master') && entry.slots.some(([first, last]) => first <= slot && slot <= last),
  );
  return owner?.id ?? null;
}

/** A name of any bytes in the slot; unlike those of `putAllKinds`. */
export function binaryKeyIn(slot: number): Buffer {
  const [tag = ''] = namesIn([slot, slot], 'tag:', 1);
  return Buffer.concat([Buffer.from([0, 13, 10, 255]), Buffer.from(`{${tag}}`), Buffer.from([254, 34, 92, 0])]);
}

export function addressesOf(formed: FormedCluster): readonly string[] {
  return formed.primaries.map(({ address }) => address);
}

/** The next primary after the first of these that is none of them. */
function otherThan(formed: FormedCluster, nodes: readonly ClusterNode[]): ClusterNode {
  const { primaries } = formed;
  const start = primaries.indexOf(present(nodes[0], 'there is a node to look from'));
  const others = primaries.map((_, index) => primaries[(start + 1 + index) % primaries.length]);
  return present(
    others.find((node) => node !== undefined && !nodes.includes(node)),
    'the cluster has another primary',
  );
}
