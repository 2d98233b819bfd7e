/**
 * One node of a fake cluster: slots, open flags and keys, with the refusals that a server has.
 *
 * What it says and does is what cluster.c of Redis 7.0 does at CLUSTER SETSLOT and when gossip arrives; the live tests
 * say the same of real servers. A key tells its slot by its name, `SLOT:anything`, so that no hash is needed.
 */
import type { Address } from '../../src/lib/model/address.ts';
import type { NodeId } from '../../src/lib/model/node.ts';
import { ReplyError } from '../../src/lib/wire/reply-error.ts';

/** All nodes, which a node looks up by id as a server does in its table. */
export type Nodes = readonly FakeNode[];

export function slotOfKey(key: string): number {
  return Number(key.slice(0, key.indexOf(':')));
}

export class FakeNode {
  readonly id: NodeId;
  readonly address: Required<Address>;
  /** Null: a primary. */
  primaryId: NodeId | null;
  epoch: number;
  isDown = false;
  /** Has slots beside those in `owners`, which never move. */
  hasOtherSlots = false;
  /** What this node believes about who owns a slot. */
  readonly owners = new Map<number, NodeId>();
  readonly migrating = new Map<number, NodeId>();
  readonly importing = new Map<number, NodeId>();
  readonly keys = new Map<string, string>();
  /** Keys and what they were when WATCH was said. */
  readonly watched = new Map<string, string | undefined>();
  readonly settings = new Map<string, string>([
    ['cluster-node-timeout', '15000'],
    ['cluster-allow-replica-migration', 'yes'],
  ]);

  constructor(id: NodeId, port: number, epoch: number, primaryId: NodeId | null) {
    this.id = id;
    this.address = { host: '127.0.0.1', port, busPort: port + 10_000 };
    this.epoch = epoch;
    this.primaryId = primaryId;
  }

  claims(slot: number): boolean {
    return this.primaryId === null && this.owners.get(slot) === this.id;
  }

  get slots(): readonly number[] {
    return [...this.owners].filter(([, owner]) => owner === this.id).map(([slot]) => slot);
  }

  keysIn(slot: number): readonly string[] {
    return [...this.keys.keys()].filter((key) => slotOfKey(key) === slot);
  }

  /** CLUSTER SETSLOT slot state peer. */
  setSlot(nodes: Nodes, slot: number, state: string, peerId: string | undefined): 'OK' | ReplyError {
    if (this.primaryId !== null) return new ReplyError('ERR Please use SETSLOT only with masters.');
    if (state === 'STABLE') {
      this.migrating.delete(slot);
      this.importing.delete(slot);
      return 'OK';
    }
    if (state === 'MIGRATING' && !this.claims(slot))
      return new ReplyError(`ERR I'm not the owner of hash slot ${slot}`);
    if (state === 'IMPORTING' && this.claims(slot))
      return new ReplyError(`ERR I'm already the owner of hash slot ${slot}`);
    const peer = nodes.find(({ id }) => id === peerId);
    if (peer === undefined)
      return new ReplyError(state === 'NODE' ? `ERR Unknown node ${peerId}` : `ERR I don't know about node ${peerId}`);
    if (peer.primaryId !== null) return new ReplyError('ERR Target node is not a master');
    if (state === 'MIGRATING') this.migrating.set(slot, peer.id);
    else if (state === 'IMPORTING') this.importing.set(slot, peer.id);
    else return this.#give(nodes, slot, peer);
    return 'OK';
  }

  #give(nodes: Nodes, slot: number, owner: FakeNode): 'OK' | ReplyError {
    const wasMine = this.claims(slot);
    const isEmpty = this.keysIn(slot).length === 0;
    if (wasMine && owner !== this && !isEmpty)
      return new ReplyError(
        `ERR Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`,
      );
    if (isEmpty) this.migrating.delete(slot);
    this.owners.set(slot, owner.id);
    if (owner === this && this.importing.delete(slot)) this.#bumpEpoch(nodes);
    if (wasMine && owner !== this) this.#followIfEmptied(owner, nodes);
    return 'OK';
  }

  #bumpEpoch(nodes: Nodes): void {
    const highest = Math.max(...nodes.map(({ epoch }) => epoch));
    const isShared = nodes.some((node) => node !== this && node.primaryId === null && node.epoch === highest);
    if (this.epoch !== highest || isShared) this.epoch = highest + 1;
  }

  /** CLUSTER BUMPEPOCH. */
  bumpEpoch(nodes: Nodes): 'BUMPED' {
    this.#bumpEpoch(nodes);
    return 'BUMPED';
  }

  /** CLUSTER DELSLOTS. Keys stay. */
  deleteSlot(slot: number): 'OK' | ReplyError {
    if (!this.owners.has(slot)) return new ReplyError(`ERR Slot ${slot} is already unassigned`);
    this.owners.delete(slot);
    return 'OK';
  }

  /** CLUSTER ADDSLOTS. */
  addSlot(slot: number): 'OK' | ReplyError {
    if (this.owners.has(slot)) return new ReplyError(`ERR Slot ${slot} is already busy`);
    this.owners.set(slot, this.id);
    this.importing.delete(slot);
    return 'OK';
  }

  /** `cluster-allow-replica-migration`: a primary without slots becomes a replica of whoever took the last. */
  #followIfEmptied(receiver: FakeNode, nodes: Nodes): void {
    if (this.slots.length > 0 || this.hasOtherSlots) return;
    if (this.settings.get('cluster-allow-replica-migration') !== 'yes') return;
    for (const node of nodes) if (node === this || node.primaryId === this.id) node.primaryId = receiver.id;
    this.keys.clear();
    this.migrating.clear();
    this.importing.clear();
  }

  /** A ping of `sender`: what it claims is believed where its epoch is the higher one, and keys of lost slots are deleted. */
  hear(sender: FakeNode, nodes: Nodes): void {
    for (const slot of sender.slots) {
      const believed = nodes.find(({ id }) => id === this.owners.get(slot));
      if (believed === sender || this.importing.has(slot)) continue;
      if (believed !== undefined && believed.epoch >= sender.epoch) continue;
      const wasMine = this.claims(slot);
      this.owners.set(slot, sender.id);
      if (!wasMine) continue;
      for (const key of this.keysIn(slot)) this.keys.delete(key);
      this.#followIfEmptied(sender, nodes);
    }
  }

  /** Why a RESTORE-ASKING from a MIGRATE is refused for the key, or null. */
  refusesImport(key: string): string | null {
    const slot = slotOfKey(key);
    if (this.primaryId !== null) return "READONLY You can't write against a read only replica.";
    if (this.claims(slot) && this.migrating.has(slot) && !this.keys.has(key)) return `ASK ${slot} somewhere:else`;
    return this.claims(slot) || this.importing.has(slot) ? null : `MOVED ${slot} somewhere:else`;
  }
}
