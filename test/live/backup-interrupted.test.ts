/** A backup that does not come to its end: killed, stopped, or failed. Nothing is left that could be taken for one. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestIn, newBackupFolder } from '../support/backup-folders.ts';
import { eventually } from '../support/eventually.ts';
import { home } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { cluster } from '../support/transcript.ts';

const execute = promisify(execFile);
const KEYS = 300;
/** The time that a server waits after each key of a snapshot, in microseconds: a shard of 100 keys takes a second. */
const SLOWLY = '10000';

describe('a backup that does not come to its end', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, settings: { 'rdb-key-save-delay': SLOWLY } });
    await formed.putKeys(KEYS);
  });
  afterAll(() => formed?.stop());

  function slowly(value: string): Promise<unknown> {
    return Promise.all(formed.primaries.map((node) => formed.call(node, 'CONFIG', 'SET', 'rdb-key-save-delay', value)));
  }

  /** Files in the partial folder; none where there is no such folder. */
  function partialFiles(parent: string): readonly string[] {
    const name = readdirSync(parent).find((each) => each.includes('.partial-2'));
    return name === undefined ? [] : readdirSync(path.join(parent, name));
  }

  /** Begins a backup in a process of its own, and sends the signal at the moment. */
  async function metAt(
    parent: string,
    signal: NodeJS.Signals,
    isMoment: (files: readonly string[]) => boolean,
  ): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string }> {
    const child = spawn(process.execPath, [path.resolve('bin/run.js'), 'backup', formed.seed, path.join(parent, 'b')], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: path.join(home, 'state') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once('close', (code, by) => resolve({ code, signal: by }));
    });
    await eventually(
      () => {
        if (!isMoment(partialFiles(parent))) throw new Error(`there is ${partialFiles(parent)}`);
      },
      { what: 'the backup is that far' },
    );
    child.kill(signal);
    return { ...(await ended), stderr };
  }

  const MOMENTS = [
    ['it has its folder', (files: readonly string[]) => files.length > 0],
    ['the first file is begun', (files: readonly string[]) => files.some((name) => name.endsWith('.rdb'))],
    [
      'only the last is missing',
      (files: readonly string[]) => files.filter((name) => name.endsWith('.rdb')).length === 2,
    ],
  ] as const;

  it.each(MOMENTS)('kill -9 when %s: no backup, and the next run clears away what it left', async (_, isMoment) => {
    const parent = newBackupFolder();
    mkdirSync(path.join(parent, 'b.partial-of-somebody-else'));
    writeFileSync(path.join(parent, 'b.partial-of-somebody-else/precious'), 'not ours');
    await slowly(SLOWLY);
    expect(await metAt(parent, 'SIGKILL', isMoment)).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(path.join(parent, 'b'))).toBe(false);
    expect(readdirSync(parent)).toHaveLength(2);
    expect(await cluster(`backup --verify ${path.join(parent, 'b')}`)).toMatchObject({ code: 2 });
    await slowly('0');
    expect(await cluster(`backup ${formed.seed} ${path.join(parent, 'b')}`)).toMatchObject({ code: 0 });
    expect(readdirSync(parent).sort()).toEqual(['b', 'b.partial-of-somebody-else']);
    expect(readFileSync(path.join(parent, 'b.partial-of-somebody-else/precious'), 'utf8')).toBe('not ours');
    expect(await cluster(`backup --verify ${path.join(parent, 'b')}`)).toMatchObject({ code: 0 });
  });

  it.each(MOMENTS)('Ctrl-C when %s: exit code 130, and nothing is left', async (_, isMoment) => {
    const parent = newBackupFolder();
    await slowly(SLOWLY);
    expect(await metAt(parent, 'SIGINT', isMoment)).toMatchObject({ code: 130 });
    expect(readdirSync(parent)).toEqual([]);
  });

  it('beside a living one for the same folder: refused', async () => {
    const parent = newBackupFolder();
    await slowly(SLOWLY);
    const first = cluster(`backup ${formed.seed} ${parent}/b`);
    await eventually(() => expect(partialFiles(parent).length).toBeGreaterThan(0), { what: 'the first is at work' });
    const beside = await cluster(`backup ${formed.seed} ${parent}/c`);
    expect(beside).toMatchObject({ code: 4 });
    expect(beside.stderr).toContain('is at work on this cluster');
    const forced = await cluster(`backup ${formed.seed} ${parent}/b --force`);
    expect(forced).toMatchObject({ code: 4 });
    expect(forced.stderr).toContain(`Another backup into ${parent}/b is at work`);
    expect(await first).toMatchObject({ code: 0 });
    expect(readdirSync(parent)).toEqual(['b']);
  });

  it('slots that move meanwhile: exit code 1, and nothing is left; with --force the manifest says so', async () => {
    for (const force of [false, true]) {
      const parent = newBackupFolder();
      // Long enough for a reshard on a busy machine: seven seconds.
      await slowly('25000');
      const running = cluster(`backup ${formed.seed} ${parent}/b ${force ? '--force' : ''}`);
      await eventually(() => expect(partialFiles(parent).length).toBeGreaterThan(0), { what: 'it is at work' });
      const [from, to] = force ? [formed.primary(1), formed.primary(0)] : [formed.primary(0), formed.primary(1)];
      const moved = await cluster(`reshard ${formed.seed} --ranges 100-101 --to ${to.address} --yes --force`);
      expect(moved).toMatchObject({ code: 0 });
      const run = await running;
      if (!force) {
        expect(run).toMatchObject({ code: 1 });
        expect(run.stderr).toContain(`slots 100-101 left the shard of ${from.address}`);
        expect(readdirSync(parent)).toEqual([]);
        continue;
      }
      expect(run).toMatchObject({ code: 0 });
      expect(manifestIn(`${parent}/b`).problems.join()).toContain('changed while the backup was taken');
    }
  });

  it('a server that ends meanwhile: exit code 1, and nothing is left', async () => {
    const doomed = await formCluster({ shards: 3, settings: { 'rdb-key-save-delay': SLOWLY } });
    try {
      await doomed.putKeys(KEYS);
      const parent = newBackupFolder();
      const running = cluster(`backup ${doomed.seed} ${parent}/b --per-host 3`);
      await eventually(() => expect(partialFiles(parent).length).toBeGreaterThan(0), { what: 'it is at work' });
      await doomed.kill(doomed.primary(1));
      const run = await running;
      expect(run).toMatchObject({ code: 1 });
      expect(run.stderr).toContain(doomed.primary(1).address);
      expect(readdirSync(parent)).toEqual([]);
    } finally {
      await doomed.stop();
    }
  });

  it('a disk that takes no more: exit code 1, and nothing is left', async () => {
    await slowly('0');
    const parent = newBackupFolder();
    // One block of 512 or 1024 bytes, by the shell: less than 100 keys take.
    const command = `ulimit -f 1; exec "$0" "$@"`;
    const words = [command, process.execPath, path.resolve('bin/run.js'), 'backup', formed.seed, `${parent}/b`];
    const failed = await execute('sh', ['-c', ...words], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: path.join(home, 'state') },
    }).catch((failure: { readonly code: number; readonly stderr: string }) => failure);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/\.rdb cannot be written: file too large/);
    expect(readdirSync(parent)).toEqual([]);
  });
});
