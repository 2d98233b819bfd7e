/** A server that ends with the process that wanted it, at whatever moment that is killed, and nobody else does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryServers } from '../../src/lib/local/temporary-servers.ts';
import { eventually } from '../support/eventually.ts';
import { processesAt } from '../support/processes-at.ts';
import { removeWithThisProcess } from '../support/reaper.ts';
import { serverBinary } from '../support/server-binaries.ts';

/** The shell has to be woken, and the system to take back the server's memory. */
const GONE_WITHIN_MS = 2000;
/** From before the shell is there until the server serves. */
const KILLED_AFTER_MS = [0, 2, 4, 6, 8, 10, 15, 20, 30, 50, 100, 300];

describe('a watched server', () => {
  const { server: binary } = serverBinary();
  let parent = '';
  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'cluster-watched-'));
    removeWithThisProcess(parent);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  async function expectNothingLeft(): Promise<void> {
    await eventually(
      () => {
        expect(processesAt(parent)).toEqual([]);
        expect(readdirSync(parent)).toEqual([]);
      },
      { what: 'no process and no file is left', withinMs: GONE_WITHIN_MS },
    );
  }

  /** A program that stands for a server. */
  function script(body: string): string {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'cluster-script-')), 'server.sh');
    removeWithThisProcess(path.dirname(file));
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  it.each(KILLED_AFTER_MS)('is gone when whoever wanted it is killed after %i ms', async (afterMs) => {
    const program = `
      import { temporaryServers } from './src/lib/local/temporary-servers.ts';
      process.stdout.write('ready');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      await temporaryServers(${JSON.stringify(parent)}, 'run', ${JSON.stringify(binary)}).start(null);
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    owner.stdin.write('go\n');
    await sleep(afterMs);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await expectNothingLeft();
  });

  it('ends before it serves, and the file that it was to read is left as it was', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'cluster-file-')), 'a.rdb');
    removeWithThisProcess(path.dirname(file));
    writeFileSync(file, 'REDIS');
    const servers = temporaryServers(parent, 'run', script('exec sleep 60'));
    const starting = servers.start(file).catch((cause: Error) => cause.message);
    const linked = (): void => {
      const folders = readdirSync(parent).map((name) => readdirSync(path.join(parent, name)));
      expect(folders).toEqual([expect.arrayContaining(['dump.rdb', 'server.log'])]);
    };
    await eventually(linked, { what: 'it was started' });
    await servers.close();
    expect(await starting).toContain('ended at its start');
    await expectNothingLeft();
    expect(readFileSync(file, 'utf8')).toBe('REDIS');
  });

  it('ends although its watcher was killed, when it is stopped', async () => {
    const servers = temporaryServers(parent, 'run', binary);
    const server = await servers.start(null);
    for (const pid of processesAt(parent))
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sh')) process.kill(Number(pid), 'SIGKILL');
    expect(server.isRunning()).toBe(true);
    await server.stop();
    expect(server.isRunning()).toBe(false);
    await server.stop();
    await expectNothingLeft();
  });

  it('its watcher does not mind signals that are meant for others', async () => {
    const servers = temporaryServers(parent, 'run', binary);
    const server = await servers.start(null);
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
      for (const pid of processesAt(parent))
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sh')) process.kill(Number(pid), signal);
    expect(processesAt(parent)).toHaveLength(2);
    await server.stop();
    await expectNothingLeft();
  });

  it.each([
    ['a folder that cannot be made', (): string => '/dev/null/below', 'No server can be started in /dev/null/below/'],
    ['a program that ends at once', (): string => parent, 'ended at its start'],
  ])('%s: a failure, and nothing is left', async (_, folder, sentence) => {
    const starting = temporaryServers(folder(), 'run', '/bin/false').start(null);
    await expect(starting).rejects.toMatchObject({ code: 'FAILED', message: expect.stringContaining(sentence) });
    await expectNothingLeft();
  });
});
