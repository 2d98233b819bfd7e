/** `cluster local`: servers on this machine that come up as a cluster, and go away with nothing left behind. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portsInUse } from '../../src/lib/local/ports.ts';
import { identifyProcess } from '../../src/lib/local/process-identity.ts';
import { readLocalState } from '../../src/lib/local/state.ts';
import { stopLocalCluster } from '../../src/lib/local/stop-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { clusterCli, type RunOptions, type RunResult } from '../support/executables.ts';
import { reservePorts } from '../support/ports.ts';
import { processesAt } from '../support/processes-at.ts';
import { rawCommand } from '../support/raw-command.ts';
import { killWithThisProcess, removeWithThisProcess } from '../support/reaper.ts';
import { serverBinary } from '../support/server-binaries.ts';

const COUNT_MAX = 6;
const THREE = ['--nodes', '3', '--replicas', '0'];

describe('cluster local', () => {
  const { server } = serverBinary();
  let dir = '';
  let ports: readonly number[] = [];

  beforeEach(async () => {
    // A folder below it, so that scripts of a test are not in the folder of the cluster.
    dir = path.join(mkdtempSync(path.join(tmpdir(), 'cluster-local-')), 'data');
    removeWithThisProcess(path.dirname(dir));
    ports = await reservePorts(COUNT_MAX);
  });
  afterEach(async () => {
    if (existsSync(dir)) await stopLocalCluster(dir, { keep: false });
    rmSync(path.dirname(dir), { recursive: true, force: true });
  });

  /** `cluster local WORDS --dir DIR` ends with this exit code (null: it was killed). */
  async function exits(code: number | null, words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const result = await clusterCli(['local', ...words, '--dir', dir], options);
    for (const { process: owner } of readLocalState(dir)?.nodes ?? []) if (owner) killWithThisProcess(owner.pid);
    expect(result, `cluster local ${words.join(' ')}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
    return result;
  }

  const up = (...words: readonly string[]): readonly string[] => [
    'up',
    '--port',
    `${ports[0]}`,
    '--server',
    server,
    ...words,
  ];

  async function pids(): Promise<readonly number[]> {
    const { stdout } = await clusterCli(['local', 'status', '--dir', dir, '--json']);
    return JSON.parse(stdout).nodes.map(({ pid }: { pid: number }) => pid);
  }

  /** No server, no folder, no port in use. */
  async function expectNothingLeft(): Promise<void> {
    expect(existsSync(dir) ? readdirSync(dir) : []).toEqual([]);
    expect(await portsInUse(ports)).toEqual([]);
  }

  it('up: three shards of two that serve; status: all run; down: nothing is left', async () => {
    const { stdout } = await exits(0, up());
    expect(stdout).toMatch(/^\[OK\] 0 keys in 3 (masters|primaries)\.$/m);
    expect(stdout).toContain(`[OK] The local cluster serves: 127.0.0.1:${ports[0]} and 5 more. Data in ${dir}`);
    const check = await clusterCli(['check', `127.0.0.1:${ports[5]}`]);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Healthy: 6 nodes, 3 shards, /m) });

    const status = await exits(0, ['status']);
    for (const port of ports) expect(status.stdout).toMatch(new RegExp(`^${port} +\\d+ +running `, 'm'));

    const servers = await pids();
    expect((await exits(0, ['down'])).stdout).toBe('[OK] Stopped 6 servers. Their data is removed.\n');
    expect(servers.map(identifyProcess)).toEqual(Array(6).fill(null));
    await expectNothingLeft();
  });

  it('up --nodes 3 --replicas 0, up again: the same cluster; another shape is refused', async () => {
    const first = await exits(0, [...up(...THREE), '--json']);
    expect(JSON.parse(first.stdout)).toMatchObject({
      version: 1,
      dir,
      started: ports.slice(0, 3),
      check: { healthy: true },
    });
    const before = await pids();
    const again = await exits(0, up(...THREE));
    expect(again.stdout).toContain('[OK] The local cluster is up already');
    expect(JSON.parse((await exits(0, [...up(), '--json'])).stdout)).toMatchObject({ started: [] });
    expect(await pids()).toEqual(before);

    const refused = await exits(4, up('--nodes', '4'));
    expect(refused.stderr).toContain('3 nodes with 0 replicas for each primary');
    expect(await pids()).toEqual(before);

    process.kill(before[1] ?? 0, 'SIGKILL');
    await eventually(async () => expect((await exits(1, ['status'])).stdout).toContain('not running'), {
      what: 'status shows that a server has gone',
    });
    expect(JSON.parse((await exits(0, [...up(), '--json'])).stdout)).toMatchObject({ started: [ports[1]] });
    await exits(0, ['status']);
  });

  it('down --keep, up: every key and every node is back', async () => {
    await exits(0, up(...THREE));
    const third = `127.0.0.1:${ports[2]}`;
    await rawCommand(third, ['SET', 'foo', 'kept']);
    const id = await rawCommand(third, ['CLUSTER', 'MYID']);

    expect((await exits(0, ['down', '--keep'])).stdout).toBe('[OK] Stopped 3 servers. Their data is kept.\n');
    expect((await exits(1, ['status'])).stdout).toContain('stopped, data kept');
    expect(await portsInUse(ports)).toEqual([]);

    // Neither port nor shape is typed again.
    await exits(0, ['up', '--server', server]);
    expect(await rawCommand(third, ['GET', 'foo'])).toBe('kept');
    expect(await rawCommand(third, ['CLUSTER', 'MYID'])).toBe(id);
    await exits(0, ['down']);
    await expectNothingLeft();
  });

  it('nothing is up: status says so, down has nothing to do', async () => {
    expect((await exits(0, ['status'])).stdout).toBe(
      `No local cluster in ${dir}. Start one with \`cluster local up\`.\n`,
    );
    expect(JSON.parse((await exits(0, ['status', '--json'])).stdout)).toEqual({ version: 1, dir, nodes: [] });
    expect((await exits(0, ['down'])).stdout).toBe('No server was running.\n');
    expect((await exits(0, ['down', '--keep'])).stdout).not.toContain('[OK]');
    await expectNothingLeft();
  });

  it('a port is in use: refused, and nothing was started', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen((ports[1] ?? 0) + 10_000, '127.0.0.1', resolve));
    try {
      const { stdout, stderr } = await exits(4, up(...THREE));
      expect(stdout).toBe('');
      expect(stderr).toContain(`Port ${(ports[1] ?? 0) + 10_000} on 127.0.0.1 is in use: no server was started.`);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
    await expectNothingLeft();
  });

  it('what cannot be started: wrong usage, or a failure; nothing is left', async () => {
    await exits(2, ['up', '--port', `${ports[0]}`, '--server', '/nowhere/redis-server']);
    await exits(2, ['up', '--port', `${ports[0]}`, '--server', '/etc/passwd']);
    await exits(2, up('--nodes', 'many'));
    await exits(2, ['up', '--port', '65000', '--server', server]);
    const { stderr } = await exits(1, ['up', '--port', `${ports[0]}`, '--server', '/bin/false']);
    expect(stderr).toMatch(/^\[ERR\] The server for port \d+ ended at its start\./);
    await expectNothingLeft();
  });

  it('Ctrl-C while the cluster is made: what was begun is undone', async () => {
    const { stderr } = await exits(130, up(...THREE), { interruptions: [{ signal: 'SIGINT', when: /CLUSTER MEET/ }] });
    expect(stderr).toContain('Everything was undone');
    await expectNothingLeft();
  });

  it('Ctrl-C while the servers start: none is left', async () => {
    // None ever serves. Once all of them are noted, the first presses Ctrl-C.
    const silent = writeScript(
      `grep -q '^port ${ports[0]}$' server.conf || exec sleep 60
       until [ "$(grep -c startTime ../local.json 2>/dev/null)" = 3 ]; do sleep 0.05; done
       kill -INT "$PPID"; exec sleep 60`,
    );
    const { stderr } = await exits(130, ['up', '--port', `${ports[0]}`, '--server', silent, ...THREE]);
    expect(stderr).toContain('Interrupted by the operator');
    await expectNothingLeft();
    expect(processesAt(path.dirname(dir))).toEqual([]);
  });

  it('kill -9 while the cluster is made: down cleans up, and the next up is as new', async () => {
    const { signal } = await exits(null, up(...THREE), {
      interruptions: [{ signal: 'SIGKILL', when: /CLUSTER MEET/ }],
    });
    expect(signal).toBe('SIGKILL');
    expect((await exits(0, ['down'])).stdout).toBe('[OK] Stopped 3 servers. Their data is removed.\n');
    await expectNothingLeft();
    await exits(0, up(...THREE));
  });

  it('kill -9 while the servers start: down cleans up', async () => {
    // Once all of them are noted, one of them ends us before any serves.
    const slow = writeScript(
      `until [ "$(grep -c startTime ../local.json 2>/dev/null)" = 3 ]; do sleep 0.05; done
       kill -9 "$PPID"; exec "${server}" "$@"`,
    );
    const { signal } = await exits(null, ['up', '--port', `${ports[0]}`, '--server', slow, ...THREE]);
    expect(signal).toBe('SIGKILL');
    await exits(0, ['down']);
    await expectNothingLeft();
  });

  it('kill -9 when only some servers are started: down stops those', async () => {
    const note = path.join(path.dirname(dir), 'pid');
    // The first server ends us once the second is being launched; the others do nothing.
    const [first = 0, second = 0] = ports;
    const killing = writeScript(
      `grep -q '^port ${first}$' server.conf || exit; echo $$ > ${note}; while [ ! -e ../${second}/server.conf ]; do :; done
       kill -9 "$PPID"; exec sleep 60`,
    );
    await exits(null, ['up', '--port', `${first}`, '--server', killing]);
    const pid = Number(readFileSync(note, 'utf8'));
    killWithThisProcess(pid);
    await exits(0, ['down']);
    expect(identifyProcess(pid)).toBeNull();
    expect((await exits(0, ['status'])).stdout).toContain('No local cluster');
  });

  /** A program that stands for a server. */
  function writeScript(body: string): string {
    const file = path.join(path.dirname(dir), 'server.sh');
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }
});
