/** `cluster restore` between servers of different versions, and of databases that the cluster does not have. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { newBackupFolder } from '../support/backup-folders.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { expectSameKeys, type StoredKey } from '../support/keys-of-all-kinds.ts';
import { keysOf, saveBackup, withTarget } from '../support/saved-backup.ts';
import { findServer, serverBinary } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';

describe.runIf(findServer('valkey-9.1') !== null)('between servers of different versions', () => {
  const valkey = (): string => serverBinary('valkey-9.1').server;

  it('an older backup goes into a newer cluster, and not the reverse', async () => {
    const clients = new ByteClients();
    try {
      const old = await saveBackup(clients, 'default');
      await withTarget({ shards: 2, flavor: 'valkey-9.1' }, async (target) => {
        const tooNew = await cluster(`restore ${old.folder} ${target.seed} --yes --server ${valkey()}`);
        expect(tooNew).toMatchObject({ code: 0 });
        const stored = await keysOf(clients, target);
        // A dump ends with its version and a checksum, and streams are told of in more words by newer servers.
        const comparable = (keys: readonly StoredKey[]): readonly StoredKey[] =>
          keys
            .filter(({ value }) => !/^(stream|zset|list)/.test(value))
            .map((key) => ({ ...key, value: key.value.replace(/[0-9a-f]{20}\]$/, ']') }));
        expectSameKeys(comparable(stored), comparable(old.keys));
        expect(stored.map(({ name }) => name)).toEqual(old.keys.map(({ name }) => name));
      });
      await withTarget({ shards: 2 }, async (target) => {
        const written = await cluster(`restore ${old.folder} ${target.seed} --yes --server ${valkey()}`);
        expect(written).toMatchObject({ code: 4 });
        expect(written.stderr).toContain('cannot read what Valkey 9.1.2');
        expect(await cluster(`restore ${old.folder} ${target.seed} --yes`)).toMatchObject({ code: 0 });
        const young = await saveBackup(clients, 'valkey-9.1');
        const unread = await cluster(`restore ${young.folder} ${target.seed} --yes`);
        expect(unread).toMatchObject({ code: 4 });
        expect(unread.stderr).toMatch(
          /Redis 7\.0\.15 \(.*\) cannot read valkey-node-.*: it is of the RDB version 80 of Valkey/,
        );
      });
    } finally {
      clients.close();
    }
  });

  it('keys of other databases are never left out unsaid', async () => {
    const flavor = 'valkey-9.1';
    await withTarget({ shards: 1, flavor, settings: { 'cluster-databases': '4' } }, async (source) => {
      const node = source.primary(0);
      await source.putKeys(10);
      await source.call(node, 'COPY', 'key:1', 'key:1', 'DB', '3');
      const folder = path.join(newBackupFolder(), 'b');
      expect(await cluster(`backup ${source.seed} ${folder}`)).toMatchObject({ code: 0 });
      expect(readFileSync(path.join(folder, 'manifest.json'), 'utf8')).toMatch(/"index": 3,\s+"keys": 1/);
      await withTarget({ shards: 1, flavor }, async (target) => {
        const line = `restore ${folder} ${target.seed} --yes --server ${valkey()}`;
        const refused = await cluster(line);
        expect(refused).toMatchObject({ code: 4 });
        expect(refused.stderr).toContain('The backup has keys in database 3 (1 key)');
        const forced = await cluster(`${line} --force`);
        expect(forced).toMatchObject({ code: 0 });
        expect(forced.stdout).toContain('[WARNING] Left out: the keys of database 3 (1 key).');
        expect(await target.call(target.primary(0), 'DBSIZE')).toBe(10);
      });
    });
  });
});
