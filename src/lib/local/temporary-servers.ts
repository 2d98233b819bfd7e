/**
 * Servers that live as long as one run: each reads one RDB file and hands its keys out, on loopback, behind a password
 * that nobody is told. How they end with the run is told in `watched-server.ts`.
 *
 *   <parent>/<run>-<port>/   the folder of one server
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import { OpsError } from '../errors.ts';
import { isRunning } from './process-identity.ts';
import { endOfLog, waitUntilServing } from './server-process.ts';
import { startWatchedServer, type WatchedServer } from './watched-server.ts';

const HOST = '127.0.0.1';
const PASSWORD_BYTES = 32;
/** Somebody may take a port between our finding it free and the server's listening on it. */
const PORT_ATTEMPTS_MAX = 3;
/** More than any cluster has: a server refuses a file of more databases than its own. */
const DATABASES = '4096';

export interface TemporaryServer {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** False once it has ended. */
  isRunning(): boolean;
  /** Why it may have ended: the last lines of its log, after what it was given to read. */
  farewell(file: string): string;
  /** Kills it and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

export interface TemporaryServers {
  /**
   * Starts a server that reads `file`; null for an empty one. It may still be reading when this returns. Throws FAILED or
   * TIMEOUT, and then it has ended.
   */
  start(file: string | null): Promise<TemporaryServer>;
  /** Kills all of them and removes their folders. */
  close(): Promise<void>;
}

/** `binary` is an absolute path. */
export function temporaryServers(parent: string, run: string, binary: string): TemporaryServers {
  const alive = new Set<WatchedServer>();
  const stop = async (server: WatchedServer): Promise<void> => {
    await server.stop();
    alive.delete(server);
  };
  const attempt = async (file: string | null): Promise<TemporaryServer> => {
    const port = await freePort();
    const password = randomBytes(PASSWORD_BYTES).toString('hex');
    const dir = path.join(path.resolve(parent), `${run}-${port}`);
    const settings = settingsOf(port, password);
    const server = await startWatchedServer({ binary, dir, host: HOST, port, settings, file });
    alive.add(server);
    try {
      await waitUntilServing(server);
    } catch (cause) {
      await stop(server);
      throw cause;
    }
    return {
      host: HOST,
      port,
      password,
      isRunning: () => isRunning(server),
      farewell: (read) => `The server that read ${read} has ended. ${endOfLog(server)}`,
      stop: () => stop(server),
    };
  };
  return {
    start: async (file) => {
      const target = file === null ? null : path.resolve(file);
      for (let attempts = 1; attempts < PORT_ATTEMPTS_MAX; attempts++) {
        try {
          return await attempt(target);
        } catch (cause) {
          if (!isPortTaken(cause)) throw cause;
        }
      }
      return attempt(target);
    },
    close: async () => {
      await Promise.all([...alive].map(stop));
    },
  };
}

function isPortTaken(cause: unknown): boolean {
  return cause instanceof OpsError && /Address already in use|which we did not start/.test(cause.message);
}

function settingsOf(port: number, password: string): Readonly<Record<string, string>> {
  return {
    bind: HOST,
    port: `${port}`,
    requirepass: password,
    databases: DATABASES,
    dbfilename: 'dump.rdb',
    daemonize: 'no',
    save: '',
    appendonly: 'no',
    maxmemory: '0',
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port: 0 }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
