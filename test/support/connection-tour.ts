/**
 * Every command, one after the other, over one way to reach the nodes. Three servers become a cluster, keys of every
 * kind are put into it, and each command has to do its work without losing one of them; a fourth and a fifth server join
 * and leave. What is really there is looked at past the program, directly.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import type { NodeEntry } from '../../src/lib/model/node.ts';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { ByteClients } from './byte-clients.ts';
import { eventually } from './eventually.ts';
import { clusterCli, type RunResult } from './executables.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from './keys-of-all-kinds.ts';
import { type RawOptions, type RawReply, rawCommand, rawCommands } from './raw-command.ts';
import { findServer, type ServerFlavor, serverBinary } from './server-binaries.ts';
import type { TestServer } from './servers.ts';
import { killedRun, newStateFolder, type StateFolder } from './watched-run.ts';

/** The servers, and how an operator reaches them. */
export interface Reached {
  /** Five in cluster mode, not joined. */
  readonly nodes: readonly TestServer[];
  /** One that is not in cluster mode. */
  readonly source: TestServer;
  /** How each of the five is typed. */
  readonly typed: readonly string[];
  /** How `source` is typed. */
  readonly typedSource: string;
  /** What stands on the line of each command. */
  readonly flags: (command: string) => readonly string[];
  /** What import has beside it. */
  readonly sourceFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** How the test itself logs in. */
  readonly login: RawOptions;
  stop(): Promise<void>;
}

export interface Way {
  readonly name: string;
  readonly flavor: ServerFlavor;
  readonly reach: () => Promise<Reached>;
  /** Before each command. */
  readonly prepare?: (reached: Reached, command: string) => Promise<void>;
  /** After each command that has ended. */
  readonly inspect?: (reached: Reached, command: string, run: RunResult) => Promise<void>;
}

const NODES = 5;
const RANGE = [100, 139] as const;
const KEYS = 96;
const SLOWLY = '--throttle 150keys/s --max-pause 1';

/** The number of servers in cluster mode that a tour takes. */
export const TOUR_NODES = NODES;

/** Registers the tests. A server that is not there is not tested, and the report shows its tests as skipped. */
export function tour(way: Way): void {
  describe.runIf(findServer(way.flavor) !== null)(`${way.name}, server ${way.flavor}`, () => {
    const at = new Tour(way);
    beforeAll(() => at.begin());
    afterAll(() => at.end());
    formingAndLooking(at);
    moving(at, way.flavor);
    calling(at);
    joining(at);
    mending(at);
    copying(at);
    saving(at, way.flavor);
    leaving(at);
  });
}

class Tour {
  readonly #way: Way;
  #reached: Reached | undefined;
  #clients: ByteClients | undefined;
  #keys: readonly StoredKey[] = [];

  constructor(way: Way) {
    this.#way = way;
  }

  async begin(): Promise<void> {
    this.#reached = await this.#way.reach();
    this.#clients = new ByteClients(this.reached.login);
  }

  async end(): Promise<void> {
    this.#clients?.close();
    await this.#reached?.stop();
  }

  get reached(): Reached {
    return present(this.#reached, 'the servers were started');
  }

  get clients(): ByteClients {
    return present(this.#clients, 'the servers were started');
  }

  node(index: number): TestServer {
    return present(this.reached.nodes[index], `there is a server ${index}`);
  }

  typed(index: number): string {
    return present(this.reached.typed[index], `there is a server ${index}`);
  }

  call(index: number, ...argv: readonly string[]): Promise<RawReply> {
    return rawCommand(this.node(index).address, argv, this.reached.login);
  }

  /** The passwords with which the command is typed. */
  secrets(command: string): readonly string[] {
    const { flags, env } = this.reached;
    const words = flags(command);
    const typed = words.filter((_, index) => ['-a', '--pass'].includes(words[index - 1] ?? ''));
    return [...typed, ...Object.entries(env).flatMap(([name, value]) => (name.endsWith('AUTH') ? [value] : []))];
  }

  async idOf(index: number): Promise<string> {
    return String(await this.call(index, 'CLUSTER', 'MYID'));
  }

  /** Types the line with the way's own flags; it has to end with this exit code. */
  async run(line: string, state: StateFolder = newStateFolder(), code = 0): Promise<RunResult> {
    const words = line.trim().split(/\s+/);
    const command = present(words[0], 'a line begins with a command');
    await this.#way.prepare?.(this.reached, command);
    const run = await clusterCli(this.#typed(words), this.#options(state));
    expect({ line, ...run }).toMatchObject({ code });
    await this.#way.inspect?.(this.reached, command, run);
    return run;
  }

  /** Types the line, and kills the run while keys are on their way. */
  async runKilled(line: string, state: StateFolder = newStateFolder()): Promise<void> {
    const typed = this.#typed(line.split(/\s+/)).join(' ');
    const run = await killedRun(typed, this.#options(state), { lines: 3, afterMs: 150 });
    expect({ line, ...run }).toMatchObject({ signal: 'SIGKILL' });
  }

  #typed([command = '', ...words]: readonly string[]): readonly string[] {
    return [command, ...this.reached.flags(command), ...words];
  }

  #options(state: StateFolder): StateFolder {
    return { env: { ...this.reached.env, ...state.env } };
  }

  async putKeys(): Promise<void> {
    await putAllKinds(this.clients, this.node(0).address, RANGE, KEYS);
    this.#keys = await storedIn(this.clients, this.members());
    expect(this.#keys).toHaveLength(KEYS);
  }

  async expectKeys(): Promise<void> {
    expectSameKeys(await storedIn(this.clients, this.members()), this.#keys);
  }

  /** The names of all keys that the members hold. */
  async keys(): Promise<readonly string[]> {
    const stored = await storedIn(this.clients, this.members());
    return stored.map(({ name }) => Buffer.from(name, 'hex').toString('latin1'));
  }

  /** Deletes keys at whichever member has them. */
  async forgetKeys(keys: readonly string[]): Promise<void> {
    const stored = await storedIn(this.clients, this.members());
    const names = new Set(keys.map((key) => Buffer.from(key).toString('hex')));
    for (const { name, address } of stored.filter((key) => names.has(key.name)))
      await this.clients.call(address, ['DEL', Buffer.from(name, 'hex')]);
  }

  members(): readonly string[] {
    return this.reached.nodes.slice(0, 4).map(({ address }) => address);
  }

  async view(index: number): Promise<readonly NodeEntry[]> {
    return parseClusterNodes(String(await this.call(index, 'CLUSTER', 'NODES')));
  }

  /** What the server says of itself. */
  async own(index: number): Promise<NodeEntry> {
    return present(
      (await this.view(index)).find(({ flags }) => flags.includes('myself')),
      'a node knows itself',
    );
  }

  /** In the view of the first server. */
  async idsWithSlots(): Promise<readonly string[]> {
    return (await this.view(0)).filter(({ slots }) => slots.length > 0).map(({ id }) => id);
  }

  /** What the server thinks of another; null where it does not know it. */
  async flagsOf(index: number, id: string): Promise<readonly string[] | null> {
    return (await this.view(index)).find((entry) => entry.id === id)?.flags ?? null;
  }

  /** How many slots the members that give or take them call migrating or importing. */
  async openSlots(): Promise<number> {
    const own = await Promise.all([0, 1, 2].map((index) => this.own(index)));
    return own.flatMap(({ migrating, importing }) => [...migrating, ...importing]).length;
  }

  /** Does the server have all of these slots, in its own view? */
  async owns(index: number, [first, last]: readonly [number, number]): Promise<boolean> {
    return (await this.own(index)).slots.some(([from, to]) => from <= first && last <= to);
  }
}

function formingAndLooking(at: Tour): void {
  it('create', async () => {
    await at.run(`create ${at.typed(0)} ${at.typed(1)} ${at.typed(2)} --yes`);
    for (const index of [0, 1, 2])
      expect(String(await at.call(index, 'CLUSTER', 'INFO'))).toContain('cluster_state:ok');
    await at.putKeys();
  });

  it.each(['check', 'info', 'nodes'])('%s', async (command) => {
    const { stdout } = await at.run(`${command} ${at.typed(1)} --json`);
    for (const index of [0, 1, 2]) expect(stdout).toContain(`:${at.typed(index).split(':').at(-1)}"`);
    expect(stdout).not.toContain('Could not connect');
    await at.run(`${command} ${at.typed(2)}`);
  });
}

function moving(at: Tour, flavor: ServerFlavor): void {
  const isAtomic = flavor === 'valkey-9.1';

  it('reshard, key by key', async () => {
    await at.run(`reshard ${at.typed(2)} --ranges 100-119 --to ${at.typed(1)} --mover key-wise --yes`);
    expect(await at.owns(1, [100, 119])).toBe(true);
    await at.expectKeys();
  });

  if (isAtomic) {
    it('reshard, inside the servers', async () => {
      await at.run(`reshard ${at.typed(2)} --ranges 120-139 --to ${at.typed(1)} --mover atomic --yes`);
      expect(await at.owns(1, [100, 139])).toBe(true);
      await at.expectKeys();
    });
  }

  it('reshard from a saved plan: apply', async () => {
    const file = path.join(newStateFolder().env.XDG_STATE_HOME, 'plan.json');
    await at.run(`reshard ${at.typed(0)} --ranges 100-139 --to ${at.typed(2)} --plan-out ${file} --dry-run`);
    for (const secret of at.secrets('reshard')) expect(readFileSync(file, 'utf8')).not.toContain(secret);
    await at.run(`apply ${file} ${at.typed(0)} --yes`);
    expect(await at.owns(2, [100, 139])).toBe(true);
    await at.expectKeys();
  });

  it('reshard killed, resume, undo', async () => {
    const state = newStateFolder();
    await at.runKilled(
      `reshard ${at.typed(0)} --ranges 100-139 --to ${at.typed(0)} --mover key-wise ${SLOWLY} --yes`,
      state,
    );
    await at.run('resume --yes', state);
    expect(await at.owns(0, [100, 139])).toBe(true);
    await at.expectKeys();
    await at.run('undo --yes', state);
    expect(await at.owns(2, [100, 139])).toBe(true);
    await at.expectKeys();
  });

  it('rebalance', async () => {
    await at.run(`rebalance ${at.typed(0)} --threshold 0 --yes`);
    await at.expectKeys();
    await at.run(`check ${at.typed(0)}`);
  });
}

function calling(at: Tour): void {
  it('call', async () => {
    const { stdout } = await at.run(`call ${at.typed(0)} --json CLUSTER MYID`);
    for (const index of [0, 1, 2]) expect(stdout).toContain(await at.idOf(index));
  });

  it('set-timeout', async () => {
    await at.run(`set-timeout ${at.typed(0)} 2500`);
    for (const index of [0, 1, 2])
      expect(await at.call(index, 'CONFIG', 'GET', 'cluster-node-timeout')).toContain('2500');
  });
}

function joining(at: Tour): void {
  it('add-node, a primary with its share of the slots', async () => {
    await at.run(`add-node ${at.typed(3)} ${at.typed(0)} --rebalance --yes`);
    expect(String(await at.call(3, 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:4');
    expect(await at.idsWithSlots()).toContain(await at.idOf(3));
    await at.expectKeys();
  });

  it('add-node, a replica', async () => {
    await at.run(`add-node ${at.typed(4)} ${at.typed(1)} --replica --of ${await at.idOf(0)} --yes`);
    const role = String(await at.call(4, 'INFO', 'replication'));
    expect(role).toContain('master_link_status:up');
    expect((await at.own(4)).primaryId).toBe(await at.idOf(0));
  });
}

function mending(at: Tour): void {
  it('fix, of slots that a killed move has left half-way', async () => {
    const to = (await at.owns(0, [100, 139])) ? 1 : 0;
    await at.runKilled(`reshard ${at.typed(2)} --ranges 100-139 --to ${at.typed(to)} --mover key-wise ${SLOWLY} --yes`);
    expect(await at.openSlots()).not.toBe(0);
    await at.run(`fix ${at.typed(1)} --yes`);
    expect(await at.openSlots()).toBe(0);
    await at.run(`check ${at.typed(0)}`);
    await at.expectKeys();
  });
}

function copying(at: Tour): void {
  it.each(['relay', 'migrate'])('import by %s', async (engine) => {
    const { source, typedSource, sourceFlags, login } = at.reached;
    const keys = Array.from({ length: 20 }, (_, index) => `${engine}:${index}`);
    await rawCommands(
      source.address,
      keys.map((key) => ['SET', key, engine]),
      login,
    );
    await at.run(`import ${at.typed(0)} --from ${typedSource} ${sourceFlags.join(' ')} --engine ${engine} --yes`);
    expect(await rawCommand(source.address, ['DBSIZE'], login)).toBe(0);
    const stored = await at.keys();
    for (const key of keys) expect(stored).toContain(key);
    await at.forgetKeys(keys);
    await at.expectKeys();
  });
}

function saving(at: Tour, flavor: ServerFlavor): void {
  it('backup, and restore after everything was lost', async () => {
    const folder = path.join(newStateFolder().env.XDG_STATE_HOME, 'backup');
    await at.run(`backup ${at.typed(1)} ${folder} --yes`);
    for (const index of [0, 1, 2, 3]) await at.call(index, 'FLUSHALL');
    await at.run(`restore ${folder} ${at.typed(2)} --server ${serverBinary(flavor).server} --yes`);
    await at.expectKeys();
  });
}

function leaving(at: Tour): void {
  it('del-node, drained', async () => {
    await at.run(`del-node ${at.typed(0)} ${at.typed(3)} --drain --yes`);
    expect(String(await at.call(3, 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:1');
    expect(String(await at.call(0, 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:4');
    await at.expectKeys();
  });

  it('forget', async () => {
    const id = await at.idOf(4);
    process.kill(at.node(4).pid, 'SIGKILL');
    for (const index of [0, 1, 2])
      await eventually(async () => expect(await at.flagsOf(index, id)).toContain('fail'), {
        what: 'it is taken for failed',
      });
    await at.run(`forget ${at.typed(0)} --failed --yes`);
    for (const index of [0, 1, 2]) expect(await at.flagsOf(index, id)).toBeNull();
    await at.run(`check ${at.typed(0)}`);
    await at.expectKeys();
  });
}
