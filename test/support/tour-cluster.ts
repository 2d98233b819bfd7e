/** The cluster of a connection tour: its servers, what is typed about them, and what is really there, seen past the program. */
import { expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import type { NodeEntry } from '../../src/lib/model/node.ts';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { ByteClients } from './byte-clients.ts';
import { clusterCli, type RunResult } from './executables.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from './keys-of-all-kinds.ts';
import type { NodeLogin } from './node-login.ts';
import { type RawReply, rawCommand } from './raw-command.ts';
import type { ServerFlavor } from './server-binaries.ts';
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
  readonly login: NodeLogin;
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

/** The number of servers in cluster mode that a tour takes. */
export const TOUR_NODES = 5;

const RANGE = [100, 139] as const;
const KEYS = 96;

export class TourCluster {
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
