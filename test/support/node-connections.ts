/** Connections past the program: one open connection for each node that a test speaks to. */
import { createClient } from 'redis';
import { clientOptions, type NodeLogin } from './node-login.ts';
import type { RawReply } from './raw-command.ts';
import type { TestServer, TestServers } from './servers.ts';

type Client = ReturnType<typeof createPrototype>;

/** Made when first needed. A client costs 40 ms of CPU (node-redis 6.3), a duplicate of it nothing. */
export class NodeConnections {
  readonly #login: NodeLogin;
  readonly #open = new Map<string, Promise<Client>>();

  constructor({ certificates }: TestServers, password: string | undefined) {
    this.#login = { tls: certificates, ...(password === undefined ? {} : { password }) };
  }

  /** One command. Rejects with the server's error reply. */
  async call(node: TestServer, argv: readonly string[]): Promise<RawReply> {
    const connection = this.#open.get(node.address) ?? this.#connect(node);
    this.#open.set(node.address, connection);
    // A server that is starting: the next call tries again.
    connection.catch(() => this.#open.delete(node.address));
    return (await connection).sendCommand<RawReply>(argv);
  }

  /** Of a node that is silent from now on. */
  drop(node: TestServer): void {
    this.#open
      .get(node.address)
      ?.then((client) => client.destroy())
      .catch(() => undefined);
    this.#open.delete(node.address);
  }

  close(): void {
    for (const connection of this.#open.values()) connection.then((client) => client.destroy()).catch(() => undefined);
    this.#open.clear();
  }

  async #connect({ host, port }: TestServer): Promise<Client> {
    prototype ??= createPrototype();
    const client = prototype.duplicate(clientOptions(this.#login, { host, port }));
    // What goes wrong also rejects the call that it went wrong for.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }
}

let prototype: Client | undefined;

function createPrototype() {
  return createClient({ RESP: 2, disableClientInfo: true });
}
