/** What `cluster restore` refuses, what it leaves as it is, and what it does where servers or the login do not let it go on. */
import { readdirSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { newBackupFolder } from '../support/backup-folders.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, storedIn } from '../support/keys-of-all-kinds.ts';
import {
  keysOf,
  SAVED_KEYS,
  SAVED_LIBRARY,
  type SavedBackup,
  SLOWLY,
  saveBackup,
  serversOf,
  withTarget,
} from '../support/saved-backup.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

const SECRET = 'pa55-w0rd';
const OTHER_LIBRARY = SAVED_LIBRARY.replace("return 'hello'", "return 'goodbye'");

describe('a restoration', () => {
  let clients: ByteClients;
  let saved: SavedBackup;
  let formed: FormedCluster;

  beforeAll(async () => {
    clients = new ByteClients();
    saved = await saveBackup(clients, 'default');
    formed = await formCluster({ shards: 2, password: SECRET });
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });

  const login = { REDISCLI_AUTH: SECRET };

  async function size(): Promise<number> {
    const sizes = await Promise.all(formed.primaries.map((node) => formed.call(node, 'DBSIZE')));
    return sizes.reduce<number>((sum, each) => sum + Number(each), 0);
  }

  function restoring(more: string, env: Readonly<Record<string, string>> = login, folder = saved.folder) {
    const state = newStateFolder();
    return cluster(`restore ${folder} ${formed.seed} ${more}`, { env: { ...state.env, ...env } });
  }

  it('is refused without consent, and planned without effect', async () => {
    expect(await restoring('')).toMatchObject({ code: 4 });
    expect(await restoring('--json')).toMatchObject({ code: 4 });
    const dry = await restoring('--dry-run --json');
    expect(JSON.parse(dry.stdout)).toMatchObject({ version: 1, outcome: 'planned', plan: { keysBefore: 0 } });
    expect(await size()).toBe(0);
  });

  it('with a wrong password or without one knows nothing: exit code 3', async () => {
    for (const env of [{ REDISCLI_AUTH: 'wr0ng-1' }, { REDISCLI_AUTH: '' }]) {
      const run = await restoring('--yes', env);
      expect(run).toMatchObject({ code: 3 });
      expect(run.stdout + run.stderr).not.toContain('wr0ng-1');
    }
  });

  it('takes no folder that is no backup, and no server that is none', async () => {
    expect(await restoring('--yes', login, newBackupFolder())).toMatchObject({ code: 2 });
    expect(await restoring('--yes --server /nowhere/redis-server')).toMatchObject({ code: 2 });
    expect(await restoring('--yes', { ...login, PATH: '/nowhere' })).toMatchObject({ code: 1 });
    expect(await cluster('restore')).toMatchObject({ code: 2 });
  });

  it('takes no damaged file', async () => {
    const source = await formCluster({ shards: 1 });
    try {
      await source.putKeys(100);
      const folder = path.join(newBackupFolder(), 'b');
      expect(await cluster(`backup ${source.seed} ${folder}`)).toMatchObject({ code: 0 });
      const file = present(
        readdirSync(folder).find((name) => name.endsWith('.rdb')),
        'there is a file',
      );
      truncateSync(path.join(folder, file), 500);
      const run = await restoring('--yes', login, folder);
      expect(run).toMatchObject({ code: 1 });
      expect(run.stderr).toContain(`${file} has 500 bytes instead of`);
      expect(await size()).toBe(0);
    } finally {
      await source.stop();
    }
  });

  it('leaves functions and keys of others as they are, unless --replace', async () => {
    for (const node of formed.primaries) await formed.call(node, 'FUNCTION', 'LOAD', 'REPLACE', OTHER_LIBRARY);
    const refused = await restoring('--yes');
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr).toContain('functions of its own under names of the backup');
    expect(await size()).toBe(0);
    for (const node of formed.primaries) await formed.call(node, 'FUNCTION', 'DELETE', 'greetings');

    const [key] = saved.keys.filter(({ name }) => /^6b65793a/.test(name));
    const name = Buffer.from(present(key, 'a plain key').name, 'hex').toString();
    await Promise.allSettled(formed.primaries.map((node) => formed.call(node, 'SET', name, 'of somebody else')));
    expect(await size()).toBe(1);
    const kept = await restoring('--yes');
    expect(kept).toMatchObject({ code: 1 });
    expect(kept.stdout).toContain(`1 keys are in the cluster with another value, and were left so: ${name}`);
    expect(await size()).toBe(SAVED_KEYS);
    const replaced = await restoring('--yes --replace');
    expect(replaced).toMatchObject({ code: 0 });
    const withLogin = new ByteClients({ password: SECRET });
    try {
      expectSameKeys(await keysOf(withLogin, formed), saved.keys);
    } finally {
      withLogin.close();
    }
  });

  it('is refused beside another run, and where slots have no owner', async () => {
    await withTarget({ shards: 2 }, async (broken) => {
      await broken.unassignSlot(7);
      const run = await cluster(`restore ${saved.folder} ${broken.seed} --yes`);
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toContain('*** Please fix your cluster problems before restoring');
    });
  });

  it('over TLS with a client certificate, as a user', () =>
    withTarget(
      { shards: 2, replicas: 1, tls: { clients: 'yes' }, aclUsers: [`ops on >${SECRET} ~* +@all`] },
      async (target) => {
        const { ca, cert, key } = present(target.certificates, 'they speak TLS');
        const way = `--tls --cacert ${ca} --cert ${cert} --key ${key} --user ops`;
        const run = await cluster(`restore ${saved.folder} ${target.seed} --yes ${way}`, { env: login });
        expect(run).toMatchObject({ code: 0 });
        expect(run.stdout + run.stderr).not.toContain(SECRET);
        const sizes = await Promise.all(target.primaries.map((node) => target.call(node, 'DBSIZE')));
        expect(sizes.reduce<number>((sum, each) => sum + Number(each), 0)).toBe(SAVED_KEYS);
      },
    ));

  it('a target that ends meanwhile: not exit code 0, no server left, and it goes on', () =>
    withTarget({ shards: 3, replicas: 1 }, async (target) => {
      const state = newStateFolder();
      const line = `restore ${saved.folder} ${target.seed} --yes`;
      const moment = { lines: 1, afterMs: 500 };
      const run = await meetRun(`${line} ${SLOWLY}`, state, moment, () => target.kill(target.primary(1)));
      expect(run.code).toBeOneOf([0, 5]);
      expect(serversOf(state)).toEqual([]);
      const replica = present(
        target.replicas.find((each) => target.primaryOf(each) === target.primary(1)),
        'it had a replica',
      );
      await target.untilPromoted(replica);
      expect(await cluster(line, state)).toMatchObject({ code: 0 });
      const stored = await storedIn(clients, [target.primary(0).address, target.primary(2).address, replica.address]);
      expect(stored.map(({ name }) => name)).toEqual(saved.keys.map(({ name }) => name));
    }));
});
