/** What `cluster backup` refuses to save, to write over, and to call whole. */
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestIn, newBackupFolder, rdbFilesIn } from '../support/backup-folders.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { cluster } from '../support/transcript.ts';

const KEYS = 300;

describe('backup is refused', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3 });
    await formed.putKeys(KEYS);
  });
  afterAll(() => formed?.stop());

  it('into a folder that is not empty, or a file; before anything is asked', async () => {
    const parent = newBackupFolder();
    writeFileSync(path.join(parent, 'file'), '');
    for (const place of [parent, `${parent}/file`]) {
      const run = await cluster(`backup 127.0.0.1:1 ${place}`);
      expect(run).toMatchObject({ code: 4, stdout: '' });
    }
    expect(await cluster(`backup 127.0.0.1:1 ${parent}/none/b`)).toMatchObject({ code: 2 });
    expect(await cluster(`backup ${parent}/b`)).toMatchObject({ code: 2 });
    expect(await cluster('backup')).toMatchObject({ code: 2 });
  });

  it('of a cluster with an open slot, unless forced', async () => {
    const parent = newBackupFolder();
    await formed.openSlot(7, formed.primary(1));
    try {
      const run = await cluster(`backup ${formed.seed} ${parent}/b`);
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toContain('has slots in migrating state 7.');
      expect(readdirSync(parent)).toEqual([]);
      const forced = await cluster(`backup ${formed.seed} ${parent}/b --force`);
      expect(forced).toMatchObject({ code: 0 });
      expect(forced.stdout).toContain(
        "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.\n",
      );
      expect(manifestIn(`${parent}/b`).problems.join()).toContain('migrating state 7');
    } finally {
      for (const node of [formed.primary(0), formed.primary(1)])
        await formed.call(node, 'CLUSTER', 'SETSLOT', '7', 'STABLE');
    }
  });

  it('by --verify where a bit, the end, a file or the manifest is wrong', async () => {
    const folder = path.join(newBackupFolder(), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    const [name = ''] = rdbFilesIn(folder);
    const [file, kept] = [path.join(folder, name), path.join(newBackupFolder(), 'kept')];
    copyFileSync(file, kept);
    const damages: readonly (readonly [string, () => void])[] = [
      ['is no whole RDB file: its checksum is wrong', () => flipBit(file, statSync(file).size >> 1)],
      ['is no whole RDB file: its checksum is wrong', () => flipBit(file, statSync(file).size - 1)],
      [`bytes instead of ${statSync(file).size}`, () => truncateSync(file, statSync(file).size - 1)],
      ['cannot be read', () => rmSync(file)],
    ];
    for (const [said, damage] of damages) {
      damage();
      const run = await cluster(`backup --verify ${folder}`);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(name);
      expect(run.stderr).toContain(said);
      copyFileSync(kept, file);
    }
    const manifest = path.join(folder, 'manifest.json');
    truncateSync(manifest, 100);
    expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 1 });
    rmSync(manifest);
    expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 2 });
  });
});

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
}
