/**
 * One connection for each address, made when first needed and made again after it broke. The only file that knows the
 * client library.
 *
 * `createClient` builds a class and costs tens of milliseconds each time (node-redis 6.3); a duplicate of an existing
 * client costs 0.1 ms. So there is one client that never connects, and all others are its duplicates.
 */
import { createClient, ErrorReply } from 'redis';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Argument, Reply } from './cluster.ts';
import type { ConnectOptions } from './options.ts';

/** The part of the library's client that is used; its full type costs the compiler seconds. */
interface Client {
  connect(): Promise<unknown>;
  sendCommand(argv: readonly Argument[]): Promise<unknown>;
  destroy(): void;
  duplicate(overrides: object): Client;
  on(event: 'error' | 'end', listener: (cause: unknown) => void): unknown;
}

export class Connections {
  readonly #options: ConnectOptions;
  readonly #prototype: Client;
  readonly #clients = new Map<string, Promise<Client>>();

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#prototype = createClient({
      RESP: 2,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      ...(options.user === null ? {} : { username: options.user }),
      ...(options.password === null ? {} : { password: options.password }),
      ...(options.clientName === null ? {} : { name: options.clientName }),
    }) as unknown as Client;
  }

  /** Sends all commands at once and waits for all replies; error replies are values. Throws UNREACHABLE or LOGIN. */
  async callMany(
    address: Address,
    commands: readonly (readonly Argument[])[],
    timeoutMs = this.#options.timeoutMs,
  ): Promise<readonly (Reply | ReplyError)[]> {
    const client = await this.#client(address);
    const replies = Promise.all(commands.map((argv) => client.sendCommand(argv).catch(errorAsValue)));
    try {
      return (await withDeadline(replies, timeoutMs)) as readonly (Reply | ReplyError)[];
    } catch (cause) {
      this.#drop(address, client);
      throw unreachable(address, cause);
    }
  }

  close(): void {
    for (const [key, client] of this.#clients) {
      this.#clients.delete(key);
      client.then((open) => open.destroy()).catch(() => undefined);
    }
  }

  #client(address: Address): Promise<Client> {
    const key = formatAddress(address);
    const known = this.#clients.get(key);
    if (known) return known;
    const opening = this.#open(address);
    this.#clients.set(key, opening);
    opening.catch(() => this.#clients.delete(key));
    return opening;
  }

  async #open(address: Address, withLogin = true): Promise<Client> {
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
      ...(withLogin ? {} : { username: undefined, password: undefined, credentialsProvider: undefined }),
    });
    // The library wants a listener; what goes wrong while connecting is what connect() rejects with.
    client.on('error', () => undefined);
    try {
      await withDeadline(client.connect(), timeoutMs);
      // A broken connection is made again by the next call; the calls under way on it are rejected by the library.
      client.on('error', () => this.#drop(address, client));
      return client;
    } catch (cause) {
      client.destroy();
      if (withLogin && isLoginNeedless(cause)) return this.#open(address, false);
      throw unreachable(address, cause);
    }
  }

  #drop(address: Address, client: Client): void {
    this.#clients.delete(formatAddress(address));
    client.destroy();
  }
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

async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(address: Address, cause: unknown): OpsError {
  const where = formatAddress(address);
  if (cause instanceof OpsError) return cause;
  if (cause instanceof ErrorReply && new ReplyError(cause.message).kind === 'login') {
    return new OpsError('LOGIN', `Node ${where} refused the login: ${cause.message}`, {
      suggestions: ['Give the user with --user and the password with --askpass or in REDISCLI_AUTH.'],
      cause,
    });
  }
  return new OpsError('UNREACHABLE', `Could not connect to Redis at ${where}: ${reasonOf(cause)}`, { cause });
}

/** One phrase: what the operating system, the TLS library or the server said. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return REASONS[code] ?? (cause.message === '' ? cause.name : cause.message);
}

/** In redis-cli's words, which operators know. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
};
