/** Commands to nodes byte for byte, past the program under test, over one lasting connection for each node. */
import { createClient, RESP_TYPES } from 'redis';
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';
import { clientOptions, type NodeLogin } from './node-login.ts';

export type Bytes = string | Buffer;
/** A RESP2 reply whose strings are bytes. */
export type ByteReply = Buffer | number | null | readonly ByteReply[];

interface Client {
  connect(): Promise<unknown>;
  sendCommand(argv: readonly Bytes[], options?: object): Promise<unknown>;
  destroy(): void;
  duplicate(overrides: object): Client;
  on(event: 'error', listener: (cause: unknown) => void): unknown;
}

export interface ByteClientsOptions extends NodeLogin {
  /** A call that takes longer rejects, and its connection is given up. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } };

/** The library builds a class for each client that is not a duplicate of another, which costs tens of milliseconds. */
const prototype = createClient({ RESP: 2, disableClientInfo: true, disableOfflineQueue: true }) as unknown as Client;

export class ByteClients {
  readonly #options: ByteClientsOptions;
  readonly #open = new Map<string, Promise<Client>>();

  constructor(options: ByteClientsOptions = {}) {
    this.#options = options;
  }

  /** The reply of the last command; the commands are sent together. Rejects with its error reply, or when nobody answers. */
  async call(address: string, ...commands: readonly (readonly Bytes[])[]): Promise<ByteReply> {
    const connection = this.#open.get(address) ?? this.#connect(address);
    this.#open.set(address, connection);
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#drop(address, connection);
        reject(new Error(`${address} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
    });
    try {
      return (await Promise.race([this.#send(connection, commands), tooLate])) as ByteReply;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    for (const [address, connection] of this.#open) this.#drop(address, connection);
  }

  async #send(connection: Promise<Client>, commands: readonly (readonly Bytes[])[]): Promise<unknown> {
    const client = await connection;
    const replies = await Promise.allSettled(commands.map((argv) => client.sendCommand(argv, AS_BYTES)));
    const last = present(replies.at(-1), 'at least one command is sent');
    if (last.status === 'rejected') throw last.reason;
    return last.value;
  }

  async #connect(address: string): Promise<Client> {
    const { host, port } = present(parseAddress(address), 'a test names a node as host:port');
    const place = { host, port, connectTimeout: this.#options.timeoutMs ?? TIMEOUT_MS };
    const client = prototype.duplicate(clientOptions(this.#options, place));
    client.on('error', () => this.#open.delete(address));
    try {
      await client.connect();
      return client;
    } catch (cause) {
      this.#open.delete(address);
      throw cause;
    }
  }

  #drop(address: string, connection: Promise<Client>): void {
    this.#open.delete(address);
    connection.then((client) => client.destroy()).catch(() => undefined);
  }
}
