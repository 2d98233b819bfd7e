/**
 * Servers that live as long as one run: each reads one RDB file and hands its keys out, on loopback, behind a password
 * that nobody is told. They end with the run; those of a run that was killed are found by the next one.
 *
 *   <parent>/<run>/record.json      whose they are, and who they are
 *                  <port>/          the folder of one server; its dump.rdb is a link to the file, which is only read
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { OpsError } from '../errors.ts';
import { identifyProcess, isRunning, type ProcessIdentity, signalProcess } from './process-identity.ts';
import {
  endOfLog,
  launchServer,
  type ServerProcess,
  serverDirectory,
  stopServer,
  waitUntilServing,
} from './server-process.ts';

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
  /** Starts a server that reads `file`; null for an empty one. It may still be reading when this returns. */
  start(file: string | null): Promise<TemporaryServer>;
  /** Kills all of them and removes the folder of the run. */
  close(): Promise<void>;
}

interface Record {
  readonly owner: ProcessIdentity;
  readonly servers: readonly ProcessIdentity[];
}

/** Ends the servers of dead runs below `parent`, and prepares for this one's. `binary` is an absolute path. */
export function openTemporaryServers(parent: string, run: string, binary: string): TemporaryServers {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  endDeadRuns(parent);
  const folder = path.join(parent, run);
  const owner = identifyProcess(process.pid) ?? { pid: process.pid, startTime: '' };
  const alive = new Map<number, ServerProcess>();
  const note = (): void => {
    const servers = [...alive.values()].map(({ pid, startTime }) => ({ pid, startTime }));
    writeRecord(folder, { owner, servers });
  };
  mkdirSync(folder, { mode: 0o700 });
  note();
  // The second Ctrl-C ends the process without asking anyone.
  const endAll = (): void => {
    for (const server of alive.values()) signalProcess(server, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', endAll);
  const stop = async (server: ServerProcess): Promise<void> => {
    await stopServer(server, { save: false });
    rmSync(server.dir, { recursive: true, force: true });
    if (alive.delete(server.port) && existsSync(folder)) note();
  };
  return {
    start: async (file) => {
      for (let attempt = 1; ; attempt++) {
        const { server, password } = launch(folder, binary, await freePort(), file);
        alive.set(server.port, server);
        note();
        try {
          await waitUntilServing(server);
          const { host, port } = server;
          return {
            host,
            port,
            password,
            isRunning: () => isRunning(server),
            farewell: (read) => `The server that read ${read} has ended. ${endOfLog(server)}`,
            stop: () => stop(server),
          };
        } catch (cause) {
          await stop(server);
          const isTaken =
            cause instanceof OpsError && /Address already in use|which we did not start/.test(cause.message);
          if (!isTaken || attempt === PORT_ATTEMPTS_MAX) throw cause;
        }
      }
    },
    close: async () => {
      await Promise.all([...alive.values()].map(stop));
      process.off('exit', endAll);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function launch(
  folder: string,
  binary: string,
  port: number,
  file: string | null,
): { readonly server: ServerProcess; readonly password: string } {
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  const dir = serverDirectory(folder, port);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (file !== null) symlinkSync(path.resolve(file), path.join(dir, 'dump.rdb'));
  const settings = {
    'cluster-enabled': 'no',
    requirepass: password,
    databases: DATABASES,
    dbfilename: 'dump.rdb',
    save: '',
    maxmemory: '0',
  };
  return { server: launchServer({ binary, dir: folder, host: HOST, port, settings }), password };
}

/** Kills the servers of runs whose process is gone, by their identities, and removes their folders. */
function endDeadRuns(parent: string): void {
  for (const name of readdirSync(parent)) {
    const folder = path.join(parent, name);
    const record = readRecord(folder);
    if (record === null || isRunning(record.owner)) continue;
    for (const server of record.servers) signalProcess(server, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeRecord(folder: string, record: Record): void {
  const draft = path.join(folder, 'record.draft');
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(draft, path.join(folder, 'record.json'));
}

function readRecord(folder: string): Record | null {
  try {
    const record = JSON.parse(readFileSync(path.join(folder, 'record.json'), 'utf8')) as Partial<Record> | null;
    const { owner, servers } = record ?? {};
    return isIdentity(owner) && Array.isArray(servers) && servers.every(isIdentity) ? { owner, servers } : null;
  } catch {
    return null;
  }
}

/** Signals to 0 and to negative ids reach whole groups of processes; 1 is the system's own. */
function isIdentity(value: unknown): value is ProcessIdentity {
  const { pid, startTime } = (value ?? {}) as Partial<ProcessIdentity>;
  return typeof pid === 'number' && pid > 1 && typeof startTime === 'string';
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
