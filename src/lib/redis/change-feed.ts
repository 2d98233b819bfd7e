/**
 * Which keys change at a server, told by the server itself: client tracking in broadcasting mode, with the messages
 * redirected to the connection that asked (RESP2).
 *
 *   CLIENT ID → 7;  CLIENT TRACKING ON REDIRECT 7 BCAST;  SUBSCRIBE __redis__:invalidate
 *   → message __redis__:invalidate [key, key, …]      null for a flush
 *
 * The messages of a turn of the server's event loop follow the replies of that turn. So of two PINGs one after the
 * other, the answer to the second comes after the news of whatever was acknowledged before the first.
 * Seen in Redis 7.0.15 and Valkey 9.1.2; the commands are of Redis 6.0.
 */
import { OpsError } from '../errors.ts';
import { type Address, formatAddress } from '../model/address.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { RespValue } from '../wire/resp.ts';
import type { BulkConnection } from './bulk-connection.ts';
import type { ChangeFeed } from './cluster.ts';
import type { Connections } from './connections.ts';

const CHANNEL = '__redis__:invalidate';
/** Beyond this many different keys nobody remembers them: about 200 MB. */
const KEYS_REMEMBERED_MAX = 2_000_000;

/** See `SourceCluster.trackChanges` in `cluster.ts`. */
export async function trackChanges(connections: Connections, address: Address): Promise<ChangeFeed | null> {
  const connection = await connections.openBulk(address);
  try {
    const [id] = await connection.send([argv.clientId()]);
    if (typeof id !== 'number') return refused(connection);
    const [tracking] = await connection.send([argv.clientTracking(id)]);
    if (tracking instanceof ReplyError) return refused(connection);
    const feed = new InvalidationFeed(connection, address);
    const [subscribed] = await connection.send([argv.subscribe(CHANNEL)]);
    return subscribed instanceof ReplyError ? refused(connection) : feed;
  } catch (cause) {
    connection.destroy();
    throw lost(address, cause);
  }
}

function lost(address: Address, cause: unknown): OpsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The connection on which ${formatAddress(address)} tells of changes was lost: ${reason}`;
  return new OpsError('UNREACHABLE', message, { cause });
}

function refused(connection: BulkConnection): null {
  connection.destroy();
  return null;
}

class InvalidationFeed implements ChangeFeed {
  readonly #connection: BulkConnection;
  readonly #address: Address;
  /** By the bytes as Latin-1, so that each key is there once. */
  #changed = new Set<string>();
  #isBlind = false;

  constructor(connection: BulkConnection, address: Address) {
    this.#connection = connection;
    this.#address = address;
    connection.listen((message) => this.#take(message));
  }

  get isBlind(): boolean {
    return this.#isBlind;
  }

  take(): readonly Buffer[] {
    const keys = [...this.#changed].map((key) => Buffer.from(key, 'latin1'));
    this.#changed = new Set();
    return keys;
  }

  async catchUp(): Promise<void> {
    try {
      await this.#connection.send([argv.ping()]);
      await this.#connection.send([argv.ping()]);
    } catch (cause) {
      throw lost(this.#address, cause);
    }
  }

  close(): void {
    this.#connection.destroy();
  }

  #take(message: RespValue): boolean {
    if (!Array.isArray(message) || message.length !== 3) return false;
    const [kind, channel, keys] = message as readonly RespValue[];
    if (!isText(kind, 'message') || !isText(channel, CHANNEL)) return false;
    if (!Array.isArray(keys)) this.#isBlind = true;
    else for (const key of keys) if (Buffer.isBuffer(key)) this.#changed.add(key.toString('latin1'));
    if (this.#changed.size > KEYS_REMEMBERED_MAX) {
      this.#isBlind = true;
      this.#changed = new Set();
    }
    return true;
  }
}

function isText(value: RespValue | undefined, text: string): boolean {
  return Buffer.isBuffer(value) && value.toString('latin1') === text;
}
