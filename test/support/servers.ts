/**
 * Real servers for live tests: in cluster mode, on loopback addresses, not yet joined. They end with `stop()`, and with
 * the test process however it ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { present } from '../../src/lib/assert.ts';
import {
  type LaunchOptions,
  launchServer,
  readServerLog,
  type ServerProcess,
  stopServer,
  waitUntilServing,
} from '../../src/lib/local/server-process.ts';
import { quoteSetting, type ServerSettings } from '../../src/lib/local/server-settings.ts';
import { formatAddress } from '../../src/lib/model/address.ts';
import { type Certificates, writeCertificates } from './certificates.ts';
import { reservePorts } from './ports.ts';
import { killWithThisProcess, removeWithThisProcess } from './reaper.ts';
import { serverBinary } from './server-binaries.ts';

export interface ServersOptions {
  readonly count: number;
  /** Loopback addresses, used in turn: node i listens on `hosts[i % hosts.length]`. Default 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Beside or instead of this file's own. */
  readonly settings?: ServerSettings;
  /** Default: the flavor of this test run. */
  readonly flavor?: string;
  /** Of the default user, and of the links between the nodes. */
  readonly password?: string;
  /** Rules as `user` takes them in redis.conf: `ops on >secret ~* &* +@all`. */
  readonly aclUsers?: readonly string[];
  /** TLS only, also between the nodes. `clients`: must a client show a certificate? Default no. */
  readonly tls?: {
    readonly clients?: 'no' | 'optional' | 'yes';
    /** A plain port for clients as well: the one that a server is called by. */
    readonly plainPorts?: boolean;
    /** Those of other servers, so that the same clients are let in. Default: new ones. */
    readonly certificates?: Certificates | null;
  };
  /** Bus ports that are not `port + 10000`. */
  readonly customBusPorts?: boolean;
}

export interface TestServer {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as it is typed. */
  readonly address: string;
  /** Another one once it was started again. */
  pid: number;
  readonly dir: string;
  log(): string;
}

export interface TestServers {
  readonly nodes: readonly TestServer[];
  /** Where the servers speak TLS: what a client needs. */
  readonly certificates: Certificates | null;
  /**
   * Starts the server on this port again, whose process has ended, with the same settings and files. Returns its process
   * id at once, before it serves.
   */
  launchAgain(port: number): number;
  /** Kills the servers and removes their folders. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Short, so that clusters get ready fast, yet not so short that a busy machine looks like a failing one. A server that
 * restarts or fails is the test's own doing, so nothing is written to disk.
 */
const TEST_SETTINGS: ServerSettings = {
  'cluster-node-timeout': '2000',
  'enable-debug-command': 'yes',
  save: '',
  appendonly: 'no',
};

/** Starts all servers at once; resolves when each of them serves, or rejects with none left running. */
export async function startServers(options: ServersOptions): Promise<TestServers> {
  const { server: binary } = serverBinary(options.flavor);
  const { hosts = ['127.0.0.1'] } = options;
  const dir = mkdtempSync(path.join(tmpdir(), 'cluster-test-'));
  removeWithThisProcess(dir);
  const certificates = options.tls === undefined ? null : (options.tls.certificates ?? (await writeCertificates(dir)));
  const ports = await reservePorts(
    options.customBusPorts || options.tls?.plainPorts ? 2 * options.count : options.count,
  );
  const launches: LaunchOptions[] = [];
  const servers: ServerProcess[] = [];
  const launch = (options: LaunchOptions): ServerProcess => {
    const server = launchServer(options);
    servers.push(server);
    killWithThisProcess(server.pid);
    return server;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => stopServer(server, { save: false })));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    for (const [index, port] of ports.slice(0, options.count).entries()) {
      const host = present(hosts[index % hosts.length], 'there is at least one host');
      const second = ports[options.count + index] ?? 0;
      const settings = settingsOf(options, { port, tlsPort: options.tls?.plainPorts ? second : port }, certificates);
      const busPort = options.customBusPorts ? { busPort: second } : {};
      launches.push({ binary, dir, host, port, settings, ...busPort });
    }
    for (const each of launches) launch(each);
    await Promise.all(servers.map((server) => waitUntilServing(server)));
  } catch (error) {
    await stop();
    throw error;
  }
  const launchAgain = (port: number): number =>
    launch(
      present(
        launches.find((each) => each.port === port),
        'it was started here',
      ),
    ).pid;
  return { nodes: servers.map(asTestServer), certificates, launchAgain, stop };
}

function settingsOf(
  options: ServersOptions,
  { port, tlsPort }: { readonly port: number; readonly tlsPort: number },
  certificates: Certificates | null,
): ServerSettings {
  const { password, aclUsers = [], tls } = options;
  return {
    ...TEST_SETTINGS,
    ...(password === undefined ? {} : { requirepass: quoteSetting(password), masterauth: quoteSetting(password) }),
    ...(aclUsers.length === 0 ? {} : { user: aclUsers }),
    ...(certificates === null
      ? {}
      : {
          port: port === tlsPort ? '0' : `${port}`,
          'tls-port': `${tlsPort}`,
          'tls-cluster': 'yes',
          'tls-replication': 'yes',
          'tls-auth-clients': tls?.clients ?? 'no',
          'tls-ca-cert-file': certificates.ca,
          'tls-cert-file': certificates.cert,
          'tls-key-file': certificates.key,
        }),
    ...options.settings,
  };
}

function asTestServer({ host, port, pid, dir }: ServerProcess): TestServer {
  return { host, port, address: formatAddress({ host, port }), pid, dir, log: () => readServerLog(dir) };
}
