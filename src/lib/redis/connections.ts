/**
 * One connection for each address, made when first needed and made again after it broke. Only this file and
 * `unreachable.ts` know the client library.
 *
 * `createClient` builds a class and costs tens of milliseconds each time (node-redis 6.3); a duplicate of an existing
 * client costs 0.1 ms. So there is one client that never connects, and all others are its duplicates.
 */
import { createClient, ErrorReply, RESP_TYPES } from 'redis';
import type { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { argv } from '../wire/argv.ts';
import { isQuestion } from '../wire/question.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { BulkConnection } from './bulk-connection.ts';
import type { Argument, CallOptions, Migration, Reply } from './cluster.ts';
import { withDeadline } from './deadline.ts';
import type { ConnectOptions } from './options.ts';
import { isEndedByServer, unreachable } from './unreachable.ts';

/** The part of the library's client that is used; its full type costs the compiler seconds. */
interface Client {
  connect(): Promise<unknown>;
  sendCommand(argv: readonly Argument[], options?: object): Promise<unknown>;
  destroy(): void;
  duplicate(overrides: object): Client;
  on(event: 'error' | 'end', listener: (cause: unknown) => void): unknown;
}

interface Destroyable {
  destroy(): void;
}

export class Connections {
  readonly #options: ConnectOptions;
  readonly #prototype: Client;
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #bulk = new Map<string, Promise<BulkConnection>>();
  /** Every connection that may hold a socket, those out of use included: one that is forgotten keeps the process alive. */
  readonly #held = new Set<Destroyable>();
  /** Why the server's side of a connection ended: the library tells whoever waits only that we gave it up then. */
  readonly #endings = new WeakMap<Client, unknown>();
  #isClosed = false;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#prototype = createClient({
      RESP: 2,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      // The library's own time-out makes an AbortSignal with a listener for each command, a third of the time of a
      // pipeline of small ones. `withDeadline` bounds the whole call.
      commandOptions: { timeout: 0 },
      ...(options.user === null ? {} : { username: options.user }),
      ...(options.password === null ? {} : { password: options.password }),
      ...(options.clientName === null ? {} : { name: options.clientName }),
    }) as unknown as Client;
  }

  /**
   * Sends all commands at once and waits for all replies; error replies are values. What only asks is asked once more
   * where the server ends the connection (its `timeout`, CLIENT KILL, a proxy). Throws UNREACHABLE or LOGIN.
   */
  async callMany(
    address: Address,
    commands: readonly (readonly Argument[])[],
    options: CallOptions = {},
  ): Promise<readonly (Reply | ReplyError)[]> {
    const send = (): Promise<readonly (Reply | ReplyError)[]> =>
      options.bulk ? this.#callBulk(address, commands, options) : this.#call(address, commands, options);
    if (options.continues || !commands.every(isQuestion)) return send();
    return send().catch((cause: unknown) => {
      if (isEndedByServer(cause) && !this.#isClosed) return send();
      throw cause;
    });
  }

  async #call(
    address: Address,
    commands: readonly (readonly Argument[])[],
    options: CallOptions,
  ): Promise<readonly (Reply | ReplyError)[]> {
    const key = keyOf(address, options);
    if (options.continues && !this.#clients.has(key)) throw this.#unreachable(address, brokenError());
    const opening = this.#client(key, address, options);
    const client = await opening;
    const mapping = options.bytes ? AS_BYTES : undefined;
    const replies = Promise.all(commands.map((argv) => client.sendCommand(argv, mapping).catch(errorAsValue)));
    try {
      return (await withDeadline(replies, options.timeoutMs ?? this.#options.timeoutMs)) as readonly (
        | Reply
        | ReplyError
      )[];
    } catch (cause) {
      this.#drop(key, opening, client);
      throw this.#unreachable(address, this.#endings.get(client) ?? cause);
    }
  }

  /** Ends every connection, also those that are still being made; what is asked afterwards is refused. */
  close(): void {
    this.#isClosed = true;
    this.#clients.clear();
    this.#bulk.clear();
    for (const connection of this.#held) this.#release(connection);
  }

  /** A plain connection of its own, outside of those that are kept here. Throws UNREACHABLE or LOGIN. */
  async openBulk(address: Address, database = 0): Promise<BulkConnection> {
    try {
      const connection = await BulkConnection.open(address, this.#options, database);
      this.#hold(connection);
      return connection;
    } catch (cause) {
      throw this.#unreachable(address, cause);
    }
  }

  async #callBulk(
    address: Address,
    commands: readonly (readonly Argument[])[],
    options: CallOptions,
  ): Promise<readonly (Reply | ReplyError)[]> {
    const key = keyOf(address, options);
    const [opening, connection] = await this.#bulkConnection(key, address, options);
    try {
      return (await connection.send(commands, options.timeoutMs)) as readonly (Reply | ReplyError)[];
    } catch (cause) {
      this.#dropBulk(key, opening, connection);
      throw this.#unreachable(address, cause);
    }
  }

  async #bulkConnection(
    key: string,
    address: Address,
    options: CallOptions,
  ): Promise<readonly [Promise<BulkConnection>, BulkConnection]> {
    const known = this.#bulk.get(key);
    if (options.continues && known === undefined) throw this.#unreachable(address, brokenError());
    const opening = known ?? this.openBulk(address, options.database);
    this.#bulk.set(key, opening);
    try {
      const connection = await opening;
      if (!connection.isBroken || options.continues) return [opening, connection];
      this.#dropBulk(key, opening, connection);
    } catch (cause) {
      this.#dropBulk(key, opening);
      throw cause;
    }
    return this.#bulkConnection(key, address, options);
  }

  #dropBulk(key: string, opening: Promise<BulkConnection>, connection?: BulkConnection): void {
    if (this.#bulk.get(key) === opening) this.#bulk.delete(key);
    if (connection) this.#release(connection);
  }

  #unreachable(address: Address, cause: unknown): OpsError {
    return unreachable(address, cause, this.#options.loginHint);
  }

  /** MIGRATE with the login data of the target, if there is any: this session's own where both sides take the same. */
  async migrate(migration: Migration): Promise<Reply | ReplyError> {
    const { user, password } = this.#options.targetLogin ?? this.#options;
    const login = password === null ? [] : user === null ? ['AUTH', password] : ['AUTH2', user, password];
    const { database, targetDatabase = database } = migration;
    const command = argv.migrate(migration.target, { ...migration, database: targetDatabase, login });
    // The server's bound is on each of its waits; ours, on the whole, is only there to notice a dead server.
    const timeoutMs = Math.max(this.#options.timeoutMs, 4 * migration.timeoutMs);
    const [reply] = await this.callMany(migration.source, [command], {
      channel: migration.channel,
      database,
      timeoutMs,
      bulk: true,
    });
    return reply ?? null;
  }

  #client(key: string, address: Address, options: CallOptions): Promise<Client> {
    const known = this.#clients.get(key);
    if (known) return known;
    const opening = this.#open(address, options.database ?? 0);
    this.#clients.set(key, opening);
    opening.then(
      // A broken connection is made again by the next call; the calls under way on it are rejected by the library.
      (client) =>
        client.on('error', (cause) => {
          this.#endings.set(client, cause);
          this.#drop(key, opening, client);
        }),
      () => this.#drop(key, opening),
    );
    return opening;
  }

  async #open(address: Address, database: number, withLogin = true): Promise<Client> {
    const { tls, timeoutMs, family } = this.#options;
    const socket = {
      host: address.host,
      port: address.port,
      family,
      connectTimeout: timeoutMs,
      reconnectStrategy: false,
    };
    const client = this.#prototype.duplicate({
      socket: tls === null ? socket : { ...socket, ...tls, tls: true },
      ...(database === 0 ? {} : { database }),
      ...(withLogin ? {} : { username: undefined, password: undefined, credentialsProvider: undefined }),
    });
    // The library wants a listener; what goes wrong while connecting is what connect() rejects with.
    client.on('error', () => undefined);
    try {
      this.#hold(client);
      const connecting = client.connect();
      // The library goes on connecting a client that was destroyed meanwhile (node-redis 6.3), and leaves it connected.
      connecting.then(() => this.#held.has(client) || client.destroy()).catch(() => undefined);
      await withDeadline(connecting, timeoutMs);
      return client;
    } catch (cause) {
      this.#release(client);
      if (withLogin && isLoginNeedless(cause)) return this.#open(address, database, false);
      throw this.#unreachable(address, cause);
    }
  }

  /** The next call opens another connection, unless one has already: what failed late must not drop its successor. */
  #drop(key: string, opening: Promise<Client>, client?: Client): void {
    if (this.#clients.get(key) === opening) this.#clients.delete(key);
    if (client) this.#release(client);
  }

  #hold(connection: Destroyable): void {
    if (this.#isClosed) {
      connection.destroy();
      throw new Error('the session has ended');
    }
    this.#held.add(connection);
  }

  #release(connection: Destroyable): void {
    this.#held.delete(connection);
    connection.destroy();
  }
}

const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

function keyOf(address: Address, { channel = 'main', database = 0 }: CallOptions): string {
  return `${formatAddress(address)} ${channel} ${database}`;
}

function errorAsValue(cause: unknown): ReplyError {
  if (cause instanceof ErrorReply) return new ReplyError(cause.message);
  throw cause;
}

/**
 * A password for a server that has none: we go on without, so that REDISCLI_AUTH may stay set.
 * Source: Redis 7.0.15 and Valkey 9.1, `ERR AUTH <password> called without any password configured`.
 */
function isLoginNeedless(cause: unknown): boolean {
  return cause instanceof ErrorReply && /called without any password configured/.test(cause.message);
}

function brokenError(): Error {
  return new Error('Connection closed by the server');
}
