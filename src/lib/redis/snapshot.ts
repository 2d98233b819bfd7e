/**
 * The data of a node as a replica gets it, on a connection of its own: the client library speaks commands and replies,
 * and this is neither.
 *
 *   we  ► AUTH …, CLIENT SETNAME …, REPLCONF rdb-only 1, PSYNC ? -1
 *   it  ► +OK … +FULLRESYNC <replication id> <offset>
 *         \n \n …                          once a second, while it makes the snapshot
 *         $<length>  and so many bytes     from a file on its own disk
 *         $EOF:<40 characters>, bytes, and the same 40 characters     as a stream: only after REPLCONF capa eof
 *
 * A stream begins `repl-diskless-sync-delay` seconds late (5 by default), and Valkey writes it in the format of RDB 11
 * unless it is told which version the receiver reads. Seen in Redis 7.0.15 and Valkey 9.1.2, which then close the
 * connection; servers that do not know `rdb-only` would go on with the stream of writes, so we close it as well.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { type Argv, argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { ByteReader } from './byte-reader.ts';
import type { Snapshot, SnapshotOptions } from './cluster.ts';

import { startDeadline } from './deadline.ts';
import type { ConnectOptions } from './options.ts';
import { reasonOf } from './unreachable.ts';

/** The server sends a line feed each second while it works, and is silent only while it forks: seconds for the largest. */
const SILENCE_MS_MAX = 60_000;
const END_MARK_LENGTH = 40;

/** See `Cluster.openSnapshot` in `cluster.ts`. */
export async function openSnapshot(
  options: ConnectOptions,
  address: Address,
  { by, serverVersion, signal }: SnapshotOptions,
): Promise<Snapshot> {
  throwIfStopped(signal);
  const socket = open(options, address);
  const link = new Link(socket, address, signal);
  const stop = (): void => void socket.destroy(new Error('interrupted'));
  signal.addEventListener('abort', stop);
  socket.once('close', () => signal.removeEventListener('abort', stop));
  try {
    await connected(socket, options);
    socket.setTimeout(options.timeoutMs);
    await logIn(link, options);
    if (options.clientName !== null) await link.ask(argv.clientSetName(options.clientName));
    await link.ask(argv.replconfRdbOnly());
    if (by === 'stream') {
      await link.ask(argv.replconfVersion(serverVersion));
      await link.ask(argv.replconfStream());
    }
    return await begin(link, socket);
  } catch (cause) {
    socket.destroy();
    throw link.failure(cause);
  }
}

/** What is said over the connection, and what it means when it breaks. */
class Link {
  readonly reader: ByteReader;
  readonly #socket: Socket;
  readonly #where: string;
  readonly #signal: AbortSignal;

  constructor(socket: Socket, address: Address, signal: AbortSignal) {
    this.#socket = socket;
    this.#where = formatAddress(address);
    this.#signal = signal;
    this.reader = new ByteReader(socket);
    socket.on('timeout', () => socket.destroy(new Error(`nothing was sent for ${(socket.timeout ?? 0) / 1000} s`)));
    // Whoever reads gets the error; when nobody does, there is nothing to lose.
    socket.on('error', () => undefined);
  }

  /** The reply's line; an error reply is a value. */
  async ask(command: Argv): Promise<string | ReplyError> {
    const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${command.length}\r\n${words.join('')}`);
    return this.line();
  }

  /** The next line that is not a sign of life. */
  async line(): Promise<string | ReplyError> {
    for (;;) {
      const line = await this.reader.line();
      if (line === null) throw this.ended('before it sent its snapshot');
      if (line.startsWith('-')) return new ReplyError(line.slice(1));
      if (line !== '') return line;
    }
  }

  ended(when: string): OpsError {
    return new OpsError('FAILED', `Node ${this.#where} closed the connection ${when}.`, {
      suggestions: [`The log of ${this.#where} says why: no space on its disk, or a fork that failed.`],
    });
  }

  /** What is thrown, as one of our own; `bytes`: so many of the snapshot had come. */
  failure(cause: unknown, bytes?: number): unknown {
    if (this.#signal.aborted) return new OpsError('INTERRUPTED', 'Interrupted by the operator.');
    if (cause instanceof OpsError || !(cause instanceof Error)) return cause;
    if (cause instanceof ReplyError) return this.#refusal(cause);
    if (bytes !== undefined) {
      const message = `The snapshot of node ${this.#where} broke off after ${bytes} bytes: ${reasonOf(cause)}.`;
      return new OpsError('FAILED', message, { cause });
    }
    return new OpsError('UNREACHABLE', `Could not connect to Redis at ${this.#where}: ${reasonOf(cause)}`, { cause });
  }

  #refusal(cause: ReplyError): OpsError {
    if (cause.kind === 'login') {
      return new OpsError('LOGIN', `Node ${this.#where} refused the login or the right to PSYNC: ${cause.message}`, {
        suggestions: ['Give a user that may use AUTH, CLIENT, REPLCONF and PSYNC: --user and REDISCLI_AUTH.'],
        cause,
      });
    }
    return new OpsError('FAILED', `Node ${this.#where} gives no snapshot: ${cause.message}`, { cause });
  }
}

function open({ tls, family }: ConnectOptions, { host, port }: Address): Socket {
  const place = { host, port, family, noDelay: true };
  return tls === null ? connectTcp(place) : connectTls({ ...place, ...tls });
}

function connected(socket: Socket, { tls, timeoutMs }: ConnectOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = startDeadline(timeoutMs, (cause) => socket.destroy(cause));
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      deadline.cancel();
      resolve();
    });
    socket.once('error', (cause) => {
      deadline.cancel();
      reject(cause);
    });
  });
}

/** A password for a server that has none is no reason to stop, as everywhere in this program. */
async function logIn(link: Link, { user, password }: ConnectOptions): Promise<void> {
  if (password === null) return;
  const reply = await link.ask(argv.auth(user, password));
  if (reply instanceof ReplyError && !/called without any password configured/.test(reply.message)) throw reply;
}

async function begin(link: Link, socket: Socket): Promise<Snapshot> {
  socket.setTimeout(SILENCE_MS_MAX);
  const resync = await link.ask(argv.psyncFromNothing());
  if (resync instanceof ReplyError) throw resync;
  const [, replicationId = '', offset = ''] = /^\+FULLRESYNC ([0-9a-f]{40}) (\d+)/.exec(resync) ?? [];
  if (replicationId === '') throw new OpsError('PROTOCOL', `A server answered PSYNC with "${resync.slice(0, 80)}".`);
  const head = await link.line();
  if (head instanceof ReplyError) throw head;
  const [, mark] = /^\$EOF:(.{40})$/.exec(head) ?? [];
  const [, length] = /^\$(\d+)$/.exec(head) ?? [];
  const common = { replicationId, offset: Number(offset), close: () => void socket.destroy() };
  if (mark !== undefined) return { ...common, bytes: null, chunks: marked(link, socket, Buffer.from(mark, 'latin1')) };
  if (length === undefined) throw new OpsError('PROTOCOL', `A server began its snapshot with "${head.slice(0, 80)}".`);
  return { ...common, bytes: Number(length), chunks: counted(link, socket, Number(length)) };
}

async function* counted(link: Link, socket: Socket, length: number): AsyncGenerator<Buffer> {
  let left = length;
  try {
    while (left > 0) {
      const chunk = await link.reader.bytes();
      if (chunk === null) throw link.ended(`after ${length - left} of ${length} bytes`);
      const own = chunk.subarray(0, left);
      left -= own.length;
      yield own;
    }
  } catch (cause) {
    throw link.failure(cause, length - left);
  } finally {
    socket.destroy();
  }
}

/** Until the last bytes are the mark, which is none of the data. */
async function* marked(link: Link, socket: Socket, mark: Buffer): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let passed = 0;
  try {
    while (!held.equals(mark)) {
      const chunk = await link.reader.bytes();
      if (chunk === null) throw link.ended(`after ${passed} bytes, before the end of its snapshot`);
      const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = Math.max(0, all.length - END_MARK_LENGTH);
      held = all.subarray(end);
      passed += end;
      if (end > 0) yield all.subarray(0, end);
    }
  } catch (cause) {
    throw link.failure(cause, passed);
  } finally {
    socket.destroy();
  }
}

function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new OpsError('INTERRUPTED', 'Interrupted by the operator.');
}
