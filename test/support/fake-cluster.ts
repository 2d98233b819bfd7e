/**
 * A cluster in memory behind the port, with the servers' own rules and with faults on order. Calls take a moment of
 * the simulated clock before and after they act, so that concurrent ones interleave, in an order drawn from a seed;
 * calls of one channel to one node stay in order, as on a connection.
 */

import { present } from '../../src/lib/assert.ts';
import { OpsError } from '../../src/lib/errors.ts';
import type { Address } from '../../src/lib/model/address.ts';
import { formatAddress } from '../../src/lib/model/address.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { Argument, CallOptions, Cluster, Migration, Reply } from '../../src/lib/redis/cluster.ts';
import { ReplyError } from '../../src/lib/wire/reply-error.ts';
import { answer, type FakeSurroundings, migrateKeys, transact } from './fake-commands.ts';
import { type Fault, hits, Killed } from './fake-faults.ts';
import { FakeNode, slotOfKey } from './fake-node.ts';
import { type FakeTopologyOptions, topologyOf } from './fake-topology.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { nodeId } from './topology-builder.ts';

export interface FakeShard {
  readonly name: string;
  /** Of the slots below `slotCount`; the first shard has all others as well. */
  readonly slots: readonly number[];
  readonly hasReplica: boolean;
}

export interface FakeClusterOptions extends FakeTopologyOptions {
  readonly shards: readonly FakeShard[];
  /** Values by key, `SLOT:anything`. */
  readonly keys: ReadonlyMap<string, string>;
  /** `eager`: after every call. `lazy`: only after somebody has looked. */
  readonly gossip: 'eager' | 'lazy';
  /** Decides how calls interleave. */
  readonly seed: number;
  readonly fault?: Fault;
}

type Call = 'observe' | 'migrate' | 'setslot' | 'other';

export class FakeCluster implements Cluster {
  readonly clock = new SimulatedClock();
  readonly nodes: readonly FakeNode[];
  readonly operator = new AbortController();
  /** What clients have written since. */
  readonly written = new Map<string, string>();
  /** Looks at the nodes after everything that changes them. */
  onChange: () => void = () => undefined;
  calls = 0;
  /** How often the fault came about. */
  faults = 0;
  readonly #options: FakeClusterOptions;
  readonly #lines = new Map<string, Promise<unknown>>();
  #fault: Fault | null;
  #timesLeft: number;
  #isKilled = false;
  #random: number;

  constructor(options: FakeClusterOptions) {
    this.#options = options;
    this.#fault = options.fault ?? null;
    this.#timesLeft = options.fault?.times ?? 0;
    this.#random = options.seed;
    const primaries = options.shards.map(
      ({ name }, index) => new FakeNode(nodeId(name), 7000 + index, index + 1, null),
    );
    const replicas = options.shards.flatMap(({ name, hasReplica }, index) =>
      hasReplica ? [new FakeNode(nodeId(`${name}-replica`), 7100 + index, index + 1, nodeId(name))] : [],
    );
    this.nodes = [...primaries, ...replicas];
    for (const node of primaries.slice(0, 1)) node.hasOtherSlots = true;
    for (const node of this.nodes)
      for (const { name, slots } of options.shards) for (const slot of slots) node.owners.set(slot, nodeId(name));
    for (const [key, value] of options.keys) this.#ownerOf(slotOfKey(key)).keys.set(key, value);
  }

  get #around(): FakeSurroundings {
    return { nodes: this.nodes, slotCount: this.#options.slotCount };
  }

  /** The program is dead or done; whoever comes next finds the nodes as they are, and no fault any more. */
  calmDown(): void {
    this.#isKilled = false;
    this.#fault = null;
    this.#lines.clear();
  }

  /** From here on the fault is to come; its call is counted anew. */
  strike(fault: Fault | undefined): void {
    this.calls = 0;
    this.#fault = fault ?? null;
    this.#timesLeft = fault?.times ?? 0;
  }

  /** A node that died comes back as a replica of the one that took over. */
  revive(): void {
    for (const node of this.nodes) node.isDown = false;
    this.gossip();
  }

  gossip(): void {
    const up = this.nodes.filter(({ isDown }) => !isDown);
    // Twice: an answer may be about news of the same round.
    for (let round = 0; round < 2; round++)
      for (const sender of up)
        for (const receiver of up)
          if (sender !== receiver && sender.primaryId === null) receiver.hear(sender, this.nodes);
    this.onChange();
  }

  async observe(seeds: readonly Address[]): Promise<Topology> {
    const seed = seeds.find((address) => !(this.#at(address)?.isDown ?? true));
    await this.#perform('observe', seed ?? null, 'main', () => undefined);
    if (seed === undefined) throw new OpsError('UNREACHABLE', 'Could not connect: Connection refused');
    const topology = this.topology(seed);
    if (this.#options.gossip === 'lazy') this.gossip();
    return topology;
  }

  observeEach(addresses: readonly Address[]): Promise<Topology> {
    return this.observe(addresses);
  }

  async call(address: Address, argv: readonly Argument[]): Promise<Reply> {
    const [reply = null] = await this.callMany(address, [argv]);
    if (reply instanceof ReplyError) throw new OpsError('FAILED', reply.message, { cause: reply });
    return reply;
  }

  async callMany(
    address: Address,
    commands: readonly (readonly Argument[])[],
    { channel = 'main' }: CallOptions = {},
  ): Promise<readonly (Reply | ReplyError)[]> {
    const isSetSlot = commands[0]?.[1] === 'SETSLOT';
    return this.#perform(isSetSlot ? 'setslot' : 'other', address, channel, (node, fault) => {
      const count = fault === 'half' || fault === 'kill' ? Math.floor(commands.length / 2) : commands.length;
      let queued: (readonly Argument[])[] | null = null;
      return commands.slice(0, count).map((command) => {
        if (fault === 'no-replicas' && isSetSlot)
          return new ReplyError('NOREPLICAS Not enough good replicas to write.');
        if (command[0] === 'MULTI') queued = [];
        else if (queued !== null && command[0] !== 'EXEC') queued.push(command);
        if (queued !== null && command[0] !== 'EXEC') return 'QUEUED';
        if (queued?.some(([, word]) => word === 'SETSLOT') && this.#options.flavor?.product === 'valkey')
          throw this.#endedBySetSlot(node);
        const reply = queued === null ? answer(node, command, this.#around) : transact(node, queued, this.#around);
        queued = null;
        this.onChange();
        return reply;
      });
    });
  }

  async migrate({ source, target, keys, replace, channel }: Migration): Promise<Reply | ReplyError> {
    const receiver = this.#at(target);
    return this.#perform('migrate', source, channel, (node, fault) => {
      if (fault === 'passing') return new ReplyError('ERR Target instance replied with error: OOM command not allowed');
      const names = keys.map(String).filter((key) => node.keys.has(key));
      if (fault === 'copies' && receiver)
        for (const key of names) receiver.keys.set(key, present(node.keys.get(key), 'the key is there'));
      const reply = migrateKeys(node, receiver, names, replace, fault === 'ambiguous' || fault === 'kill');
      this.onChange();
      return reply;
    });
  }

  openSnapshot(): Promise<never> {
    throw new Error('a fake has no snapshots');
  }

  probePort(): Promise<string | null> {
    return Promise.resolve(null);
  }

  close(): void {
    this.#lines.clear();
  }

  async #perform<Result>(
    call: Call,
    address: Address | null,
    channel: string,
    act: (node: FakeNode, fault: Fault['kind'] | null) => Result,
  ): Promise<Result> {
    const line = `${address === null ? '' : formatAddress(address)} ${channel}`;
    const result = (this.#lines.get(line) ?? Promise.resolve()).then(
      () => this.#inTurn(call, address, act),
      () => this.#inTurn(call, address, act),
    );
    this.#lines.set(line, result);
    return result;
  }

  async #inTurn<Result>(
    call: Call,
    address: Address | null,
    act: (node: FakeNode, fault: Fault['kind'] | null) => Result,
  ): Promise<Result> {
    this.calls += 1;
    const fault = this.#isKilled ? null : this.#faultOf(call);
    if (this.#isKilled) throw new Killed('killed');
    await this.clock.sleep(this.#moment());
    if (this.#isKilled) throw new Killed('killed');
    const node = address === null ? undefined : this.#at(address);
    if (fault === 'interrupt') this.operator.abort();
    if (fault === 'failover' && node) this.#failOver(node);
    if (fault === 'handover' && node) this.#handOver(node);
    if (fault === 'kill') this.#isKilled = true;
    if (node === undefined || node.isDown || fault === 'lost')
      throw new OpsError('UNREACHABLE', `Could not connect to Redis at ${line(address)}: Connection refused`);
    const result = act(node, fault);
    if (this.#options.gossip === 'eager') this.gossip();
    if (fault === 'kill') throw new Killed('killed');
    if (fault === 'half' || fault === 'silent')
      throw new OpsError('UNREACHABLE', `Could not connect to Redis at ${line(address)}: no answer within 5 s`);
    await this.clock.sleep(this.#moment());
    return result;
  }

  #faultOf(call: Call): Fault['kind'] | null {
    const fault = this.#fault;
    if (fault === null || this.calls < fault.atCall || this.#timesLeft === 0 || !hits(fault.kind, call)) return null;
    this.#timesLeft -= 1;
    this.faults += 1;
    return fault.kind;
  }

  /** What a primary of Valkey 8.1 and 9.1 that has replicas does at a SETSLOT inside MULTI. */
  #endedBySetSlot(node: FakeNode): OpsError {
    node.isDown = true;
    return new OpsError('UNREACHABLE', 'Socket closed unexpectedly');
  }

  /** The replica has all keys and believes what its primary believed, but knows of no open slot (Redis 7.0). */
  #failOver(node: FakeNode): void {
    if (this.#promoteReplicaOf(node) === null) return;
    node.isDown = true;
    node.keys.clear();
    this.onChange();
  }

  /** CLUSTER FAILOVER, and a client that writes a key of each slot before the old primary has it as well. */
  #handOver(node: FakeNode): void {
    const promoted = this.#promoteReplicaOf(node);
    for (const slot of promoted?.slots ?? []) {
      promoted?.keys.set(`${slot}:late`, 'late');
      this.written.set(`${slot}:late`, 'late');
    }
    this.onChange();
  }

  #promoteReplicaOf(node: FakeNode): FakeNode | null {
    const replica = this.nodes.find(({ primaryId, isDown }) => primaryId === node.id && !isDown);
    if (node.primaryId !== null || replica === undefined) return null;
    const slots = node.slots;
    replica.primaryId = null;
    replica.epoch = Math.max(...this.nodes.map(({ epoch }) => epoch)) + 1;
    for (const [key, value] of node.keys) replica.keys.set(key, value);
    for (const other of this.nodes)
      for (const slot of slots) if (other.owners.get(slot) === node.id) other.owners.set(slot, replica.id);
    replica.hasOtherSlots = node.hasOtherSlots;
    node.hasOtherSlots = false;
    node.primaryId = replica.id;
    node.migrating.clear();
    node.importing.clear();
    return replica;
  }

  /** A few milliseconds, other ones each time, the same ones for the same seed. */
  #moment(): number {
    this.#random = (Math.imul(this.#random, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (this.#random >> 16) % 4;
  }

  #at(address: Address): FakeNode | undefined {
    return this.nodes.find((node) => node.address.port === address.port);
  }

  #ownerOf(slot: number): FakeNode {
    return present(
      this.nodes.find((node) => node.claims(slot)),
      'every slot of a fake cluster has an owner',
    );
  }

  /** The nodes as they are, past calls, faults and time. */
  topology(seed: Address = present(this.nodes[0], 'a cluster has a node').address): Topology {
    return topologyOf(this.nodes, seed, this.#options);
  }
}

function line(address: Address | null): string {
  return address === null ? 'nowhere' : formatAddress(address);
}
