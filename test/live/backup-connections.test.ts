/** `cluster backup` speaks the replication protocol on sockets of its own: with TLS, with a user, and behind a map of addresses. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { manifestIn, newBackupFolder } from '../support/backup-folders.ts';
import { formCluster } from '../support/formed-cluster.ts';
import { cluster } from '../support/transcript.ts';

const SECRET = 'pa55-w0rd';
const KEYS = 300;

describe.concurrent('backup reaches nodes', () => {
  const RIGHTS =
    '+auth +info +client|list +client|setname +cluster|nodes +cluster|info +replconf +psync +cluster|getslotmigrations';

  it('over TLS with a client certificate, as a user with no rights but those it takes', async () => {
    const formed = await formCluster({
      shards: 3,
      replicas: 1,
      tls: { clients: 'yes' },
      aclUsers: [`ops on >${SECRET} ${RIGHTS.replace(' +cluster|getslotmigrations', '')}`],
    });
    try {
      await formed.putKeys(KEYS);
      const { ca, cert, key } = present(formed.certificates, 'they speak TLS');
      const folder = path.join(newBackupFolder(), 'b');
      const way = `--tls --cacert ${ca} --cert ${cert} --key ${key} --user ops`;
      const run = await cluster(`backup ${formed.seed} ${folder} ${way}`, { env: { REDISCLI_AUTH: SECRET } });
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout + run.stderr + readFileSync(path.join(folder, 'manifest.json'), 'utf8')).not.toContain(SECRET);
      expect(manifestIn(folder).shards.map(({ takenFrom }) => takenFrom.role)).toEqual(Array(3).fill('replica'));
    } finally {
      await formed.stop();
    }
  });

  it('that refuse: exit code 3, naming what is missing, and nothing is left', async () => {
    const formed = await formCluster({
      shards: 1,
      password: SECRET,
      aclUsers: [`reader on >${SECRET} ${RIGHTS.replace('+psync', '').replace(' +cluster|getslotmigrations', '')}`],
    });
    try {
      const parent = newBackupFolder();
      for (const [way, password, said] of [
        ['', 'wr0ng-1', 'WRONGPASS'],
        ['--user reader', SECRET, 'NOPERM'],
      ] as const) {
        const run = await cluster(`backup ${formed.seed} ${parent}/b ${way}`, { env: { REDISCLI_AUTH: password } });
        expect(run).toMatchObject({ code: 3 });
        expect(run.stderr).toContain(said);
        expect(run.stderr).not.toContain(password);
        expect(readdirSync(parent)).toEqual([]);
      }
    } finally {
      await formed.stop();
    }
  });

  it('that have no password, with one; by a NAT map; and by two words', async () => {
    const formed = await formCluster({ shards: 1 });
    try {
      const [host = '', port = ''] = formed.seed.split(':');
      const words = `backup ${host} ${port} ${path.join(newBackupFolder(), 'b')} --nat-map ${host}=localhost`;
      expect(await cluster(words, { env: { REDISCLI_AUTH: SECRET } })).toMatchObject({ code: 0 });
    } finally {
      await formed.stop();
    }
  });
});
