/** Real server processes on this machine: started, kept, stopped, and never someone else's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { localClusterStatus } from '../../src/lib/local/cluster-status.ts';
import { identifyProcess } from '../../src/lib/local/process-identity.ts';
import { serverDirectory } from '../../src/lib/local/server-process.ts';
import { startLocalCluster, type UpOptions, type UpResult } from '../../src/lib/local/start-cluster.ts';
import { localStateFile, readLocalState } from '../../src/lib/local/state.ts';
import { stopLocalCluster } from '../../src/lib/local/stop-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { redisCli } from '../support/executables.ts';
import { reservePorts } from '../support/ports.ts';
import { rawCommand, rawCommands } from '../support/raw-command.ts';
import { killWithThisProcess, removeWithThisProcess } from '../support/reaper.ts';
import { serverBinary } from '../support/server-binaries.ts';
import { startServers } from '../support/servers.ts';

const COUNT = 3;

describe('a local cluster', () => {
  let dir = '';
  let port = 0;
  const binary = serverBinary().server;

  beforeEach(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'cluster-local-'));
    removeWithThisProcess(dir);
    [port = 0] = await reservePorts(COUNT);
  });
  afterEach(async () => {
    if (existsSync(dir)) await stopLocalCluster(dir, { keep: false });
    rmSync(dir, { recursive: true, force: true });
  });

  async function up(options: Partial<UpOptions> = {}): Promise<UpResult> {
    const result = await startLocalCluster({ dir, binary, port, count: COUNT, replicas: 0, ...options });
    for (const node of result.state.nodes) if (node.process) killWithThisProcess(node.process.pid);
    return result;
  }

  async function states(): Promise<readonly string[] | undefined> {
    return (await localClusterStatus(dir))?.map((node) => node.state);
  }

  it('is started, says so when started again, and is removed with its data', async () => {
    const first = await up();
    expect(first).toMatchObject({ isNew: true, started: [port, port + 1, port + 2] });
    expect(await states()).toEqual(['running', 'running', 'running']);
    expect(await rawCommand(`127.0.0.1:${port}`, ['CLUSTER', 'INFO'])).toContain('cluster_known_nodes:1');
    expect(await up()).toEqual({ ...first, isNew: false, started: [] });
    expect(await stopLocalCluster(dir, { keep: false })).toEqual({ stopped: first.started, isRemoved: true });
    expect(first.state.nodes.map((node) => identifyProcess(node.process?.pid ?? 0))).toEqual([null, null, null]);
    expect(existsSync(dir)).toBe(false);
    expect(await stopLocalCluster(dir, { keep: false })).toEqual({ stopped: [], isRemoved: false });
    expect(await localClusterStatus(dir)).toBeNull();
  });

  it('comes back with its nodes and every key when it was kept', async () => {
    await up();
    const addresses = [port, port + 1, port + 2].map((each) => `127.0.0.1:${each}`);
    const created = await redisCli(['--cluster', 'create', ...addresses, '--cluster-yes']);
    expect(created).toMatchObject({ code: 0 });
    const seed = present(addresses[0], 'there are three');
    const ready = async (): Promise<void> => {
      for (const address of addresses)
        expect(await rawCommand(address, ['CLUSTER', 'INFO'])).toMatch(/cluster_state:ok.*cluster_size:3/s);
    };
    await eventually(ready, { what: 'the new cluster serves' });
    const id = await rawCommand(seed, ['CLUSTER', 'MYID']);
    // All of one slot, that of {a}, which is in the last third: the third node has them.
    await rawCommands(
      `127.0.0.1:${port + 2}`,
      Array.from({ length: 500 }, (_, key) => ['SET', `{a}${key}`, `${key}`]),
    );

    expect(await stopLocalCluster(dir, { keep: true })).toMatchObject({ stopped: [port, port + 1, port + 2] });
    expect(await states()).toEqual(['stopped', 'stopped', 'stopped']);
    expect(await up({ port: undefined, count: undefined, replicas: undefined })).toMatchObject({ isNew: false });
    await eventually(ready, { what: 'the kept cluster serves again' });
    expect(await rawCommand(seed, ['CLUSTER', 'MYID'])).toBe(id);
    expect(await rawCommand(`127.0.0.1:${port + 2}`, ['DBSIZE'])).toBe(500);
  });

  it('starts only what is down, and shows what has gone', async () => {
    const first = await up();
    const lost = present(first.state.nodes[1]?.process, 'it has just been started');
    process.kill(lost.pid, 'SIGKILL');
    await eventually(async () => expect(await states()).toEqual(['running', 'gone', 'running']), {
      what: 'the killed server has gone',
    });
    expect(await up()).toMatchObject({ isNew: false, started: [port + 1] });
    expect(await states()).toEqual(['running', 'running', 'running']);
  });

  it('never touches a process that has the id of one of its servers', async () => {
    await up();
    await stopLocalCluster(dir, { keep: true });
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(stranger, 'spawn');
    const strangerPid = present(stranger.pid, 'it was spawned');
    const recycled = present(readLocalState(dir), 'it was kept');
    const nodes = recycled.nodes.map((node, index) =>
      index === 0 ? { ...node, process: { pid: strangerPid, startTime: 'of the server' } } : node,
    );
    writeFileSync(localStateFile(dir), JSON.stringify({ ...recycled, nodes }));
    expect(await states()).toEqual(['gone', 'stopped', 'stopped']);
    expect(await stopLocalCluster(dir, { keep: false })).toEqual({ stopped: [], isRemoved: true });
    expect(identifyProcess(strangerPid)).not.toBeNull();
    expect(stranger.kill()).toBe(true);
  });

  it('is refused before anything starts where ports are in use, client and bus ports alike', async () => {
    const others = await Promise.all([port + 1, port + 10002].map(listen));
    await expect(up()).rejects.toMatchObject({
      code: 'REFUSED',
      message: `Ports ${port + 1}, ${port + 10002} on 127.0.0.1 are in use: no server was started.`,
    });
    expect(readdirSync(dir)).toEqual([]);
    for (const other of others) other.close();
  });

  it('shows who is not ours on the port of a node', async () => {
    await up();
    await stopLocalCluster(dir, { keep: true });
    const other = await listen(port);
    expect(await states()).toEqual(['taken', 'stopped', 'stopped']);
    await expect(up()).rejects.toMatchObject({ code: 'REFUSED' });
    other.close();
  });

  it('is all or nothing: where one server fails, the others are stopped and its log is shown', async () => {
    const failing = path.join(dir, 'fails-on-the-last-port');
    const pids = path.join(dir, 'pids');
    writeFileSync(
      failing,
      `#!/bin/sh\necho $$ >> ${pids}\ngrep -q '^port ${port + 2}$' "$1" && set -- --no-such-setting x\nexec ${binary} "$@"\n`,
    );
    chmodSync(failing, 0o755);
    const failure = await up({ binary: failing }).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'FAILED' });
    expect(String(failure)).toMatch(/The server for port \d+ ended at its start.*no-such-setting/s);
    expect(readdirSync(dir).sort()).toEqual(['fails-on-the-last-port', 'pids']);
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter((pid) => identifyProcess(pid) !== null)).toEqual([]);
  });

  it('keeps what it had where a restart fails', async () => {
    await up();
    await stopLocalCluster(dir, { keep: true });
    const before = readFileSync(localStateFile(dir), 'utf8');
    await expect(up({ binary: '/bin/false' })).rejects.toMatchObject({ code: 'FAILED' });
    expect(readFileSync(localStateFile(dir), 'utf8')).toBe(before);
    expect(existsSync(path.join(serverDirectory(dir, port), 'nodes.conf'))).toBe(true);
  });

  it('refuses a program that cannot be run, another shape, a foreign folder and a corrupt record', async () => {
    await expect(up({ binary: '/etc/passwd' })).rejects.toMatchObject({ message: '/etc/passwd cannot be run.' });
    mkdirSync(dir, { recursive: true });
    mkdirSync(serverDirectory(dir, port + 1));
    await expect(up()).rejects.toMatchObject({ code: 'REFUSED' });
    expect(readdirSync(dir)).toEqual([`${port + 1}`]);
    rmSync(serverDirectory(dir, port + 1), { recursive: true });
    await up();
    await expect(up({ count: 4 })).rejects.toMatchObject({ code: 'REFUSED' });
    await stopLocalCluster(dir, { keep: true });
    const record = readFileSync(localStateFile(dir), 'utf8');
    writeFileSync(localStateFile(dir), record.slice(0, 40));
    await expect(up()).rejects.toMatchObject({ code: 'USAGE' });
    writeFileSync(localStateFile(dir), record);
  });
});

describe('test servers', () => {
  it('speak on several loopback addresses, with custom bus ports, a password and users', async () => {
    const servers = await startServers({
      count: 4,
      hosts: ['127.0.0.1', '127.0.0.2', '127.0.0.3', '::1'],
      password: 'a "secret"',
      aclUsers: ['ops on >pass ~* &* +@all'],
      customBusPorts: true,
    });
    try {
      for (const { address } of servers.nodes) {
        await expect(rawCommand(address, ['PING'])).rejects.toThrow('NOAUTH');
        expect(await rawCommand(address, ['PING'], { password: 'a "secret"' })).toBe('PONG');
        expect(await rawCommand(address, ['ACL', 'WHOAMI'], { username: 'ops', password: 'pass' })).toBe('ops');
      }
      const [first, second] = servers.nodes;
      const seen = await rawCommand(present(first, 'there are four').address, ['CLUSTER', 'NODES'], {
        password: 'a "secret"',
      });
      expect(seen).not.toContain(`@${present(first, 'there are four').port + 10000}`);
      expect(present(second, 'there are four').log()).toContain('Ready to accept connections');
    } finally {
      await servers.stop();
    }
    expect(servers.nodes.map(({ pid }) => identifyProcess(pid))).toEqual([null, null, null, null]);
    expect(servers.nodes.some(({ dir }) => existsSync(dir))).toBe(false);
  });

  it.each(['no', 'yes'] as const)('form a cluster over TLS with tls-auth-clients %s', async (clients) => {
    const servers = await startServers({ count: 3, tls: { clients } });
    try {
      const tls = present(servers.certificates, 'they speak TLS');
      const files = ['--tls', '--cacert', tls.ca, '--cert', tls.cert, '--key', tls.key];
      const addresses = servers.nodes.map(({ address }) => address);
      const created = await redisCli([...files, '--cluster', 'create', ...addresses, '--cluster-yes']);
      expect(created).toMatchObject({ code: 0 });
      expect(created.stdout).toContain('[OK] All 16384 slots covered.');
      const without = await redisCli(['--tls', '--cacert', tls.ca, '-p', `${servers.nodes[0]?.port}`, 'PING']);
      expect(without.stdout === 'PONG\n').toBe(clients === 'no');
      expect(await rawCommand(present(addresses[0], 'there are three'), ['PING'], { tls })).toBe('PONG');
    } finally {
      await servers.stop();
    }
  });

  it('end when the test process is killed', async () => {
    const program = `
      import { startServers } from './test/support/servers.ts';
      const { nodes } = await startServers({ count: 2 });
      console.log(JSON.stringify(nodes));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = (await once(owner.stdout, 'data')) as [Buffer];
    const nodes = JSON.parse(printed.toString()) as readonly { pid: number; dir: string }[];
    expect(nodes.map(({ pid }) => identifyProcess(pid))).not.toContain(null);
    owner.kill('SIGKILL');
    await eventually(
      () => {
        expect(nodes.map(({ pid }) => identifyProcess(pid))).toEqual([null, null]);
        expect(nodes.some(({ dir }) => existsSync(path.dirname(dir)))).toBe(false);
      },
      { what: 'no server of the killed process is left', withinMs: 5000 },
    );
  });
});

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
