/** `cluster restore`: the same keys in a cluster of another shape, whatever happens on the way, and no server left behind. */
import { mkdtempSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { home } from '../support/executables.ts';
import { type FormedCluster, type FormedClusterOptions, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { processesAt } from '../support/processes-at.ts';
import { findServer, serverBinary } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, meetRun, newStateFolder, type StateFolder } from '../support/watched-run.ts';

const SECRET = 'pa55-w0rd';
/** Of each of three shards: of all kinds, and plain ones, so that it takes a while. */
const [KINDS, PLAIN] = [160, 1500];
const KEYS = 3 * (KINDS + PLAIN);
/** About two seconds after the first second's worth, which is sent at once. */
const SLOWLY = '--throttle 1000keys/s';
const LIBRARY = "#!lua name=greetings\nredis.register_function('hello', function() return 'hello' end)";
const OTHER_LIBRARY = LIBRARY.replace("return 'hello'", "return 'goodbye'");

/** Three shards with keys of all kinds and a function, saved. */
interface Saved {
  readonly folder: string;
  readonly keys: readonly StoredKey[];
}

function newFolder(): string {
  return mkdtempSync(path.join(home, 'backups-'));
}

async function save(clients: ByteClients, flavor: string): Promise<Saved> {
  const formed = await formCluster({ shards: 3, replicas: 1, flavor });
  try {
    const ranges = [
      [0, 5000],
      [6000, 10_000],
      [11_000, 16_383],
    ] as const;
    await Promise.all(
      formed.primaries.map((node, index) =>
        putAllKinds(clients, node.address, present(ranges[index], 'three shards'), KINDS),
      ),
    );
    await Promise.all(
      formed.primaries.map((node, index) => {
        const [name = ''] = namesIn(present(ranges[index], 'three shards'), 'tag', 1);
        const script = `for i = 1, ${PLAIN} do redis.call('SET', KEYS[1] .. i, i) end`;
        return formed.call(node, 'EVAL', script, '1', `{${name}}`);
      }),
    );
    for (const node of formed.primaries) await formed.call(node, 'FUNCTION', 'LOAD', LIBRARY);
    const keys = await keysOf(clients, formed);
    expect(keys).toHaveLength(KEYS);
    const folder = path.join(newFolder(), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    return { folder, keys };
  } finally {
    await formed.stop();
  }
}

/**
 * All keys of the cluster. Replicas of Redis 7.0 do not know how many entries of a stream a group has read, so a backup
 * that was taken from one does not either: that is left out.
 */
async function keysOf(clients: ByteClients, { primaries }: FormedCluster): Promise<readonly StoredKey[]> {
  const stored = await storedIn(
    clients,
    primaries.map(({ address }) => address),
  );
  return stored.map((key) => ({ ...key, value: key.value.replace(ENTRIES_READ, '') }));
}

/** `entries-read N lag N`, in hexadecimal as names are. */
const ENTRIES_READ = /656e74726965732d72656164 \S+ 6c6167 [^\s\]]+/;

async function withTarget(
  options: FormedClusterOptions,
  work: (formed: FormedCluster) => Promise<void>,
): Promise<void> {
  const formed = await formCluster(options);
  try {
    await work(formed);
  } finally {
    await formed.stop();
  }
}

/** Servers that a restoration has started, and who watches over them. */
function serversOf({ env }: StateFolder): readonly string[] {
  return processesAt(path.join(env.XDG_STATE_HOME, 'cluster/restore'));
}

describe.each(['default', 'valkey-9.1'] as const)('a backup of the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let clients: ByteClients;
    let saved: Saved;
    let server: string;

    beforeAll(async () => {
      clients = new ByteClients();
      server = serverBinary(flavor).server;
      saved = await save(clients, flavor);
    });
    afterAll(() => clients?.close());

    async function expectRestored(formed: FormedCluster): Promise<void> {
      expectSameKeys(await keysOf(clients, formed), saved.keys);
      for (const node of formed.primaries) expect(await formed.call(node, 'FCALL', 'hello', '0')).toBe('hello');
    }

    it.each([{ shards: 1 }, { shards: 2, replicas: 1 }, { shards: 5 }])(
      'is restored into another cluster: %o',
      (shape) =>
        withTarget({ ...shape, flavor }, async (formed) => {
          const state = newStateFolder();
          const run = await cluster(`restore ${saved.folder} ${formed.seed} --server ${server} --yes`, state);
          expect(run).toMatchObject({ code: 0 });
          expect(run.stdout).toContain(`[OK] ${KEYS.toLocaleString('en-US')} keys restored in `);
          expect(run.stdout).toContain('Functions on every primary: greetings.');
          await expectRestored(formed);
          expect(serversOf(state)).toEqual([]);
          const again = await cluster(`restore ${saved.folder} ${formed.seed} --server ${server} --yes --json`, state);
          expect(again).toMatchObject({ code: 0 });
          const document = JSON.parse(again.stdout) as {
            outcome: string;
            files: { report: { alreadyThere: number } }[];
          };
          expect(document.outcome).toBe('done');
          expect(document.files.reduce((sum, { report }) => sum + report.alreadyThere, 0)).toBe(KEYS);
          expect((await cluster('history', state)).stdout).toMatch(/ done +0\/0 +restore /);
        }),
    );

    it.each([
      { lines: 1, afterMs: 0 },
      { lines: 1, afterMs: 300 },
      { lines: 1, afterMs: 900 },
    ])('kill -9 after %o, and again: every key once, and no server is left', (moment) =>
      withTarget({ shards: 2, flavor }, async (formed) => {
        const state = newStateFolder();
        const line = `restore ${saved.folder} ${formed.seed} --server ${server} --yes`;
        expect(await killedRun(`${line} ${SLOWLY}`, state, moment)).toMatchObject({ signal: 'SIGKILL' });
        await eventually(
          () => {
            expect(serversOf(state)).toEqual([]);
            expect(readdirSync(path.join(state.env.XDG_STATE_HOME, 'cluster/restore'))).toEqual([]);
          },
          { what: 'no server and no file is left', withinMs: 2000 },
        );
        expect(await cluster(line, state)).toMatchObject({ code: 0 });
        await expectRestored(formed);
      }),
    );

    it('Ctrl-C: exit code 130, no server is left, and it goes on', () =>
      withTarget({ shards: 2, flavor }, async (formed) => {
        const state = newStateFolder();
        const line = `restore ${saved.folder} ${formed.seed} --server ${server} --yes`;
        const stopped = await killedRun(`${line} ${SLOWLY}`, state, { lines: 1, afterMs: 600 }, 'SIGINT');
        expect(stopped).toMatchObject({ code: 130 });
        expect(serversOf(state)).toEqual([]);
        expect(await cluster(line, state)).toMatchObject({ code: 0 });
        await expectRestored(formed);
      }));
  });
});

describe('a restoration', () => {
  let clients: ByteClients;
  let saved: Saved;
  let formed: FormedCluster;

  beforeAll(async () => {
    clients = new ByteClients();
    saved = await save(clients, 'default');
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
    expect(await restoring('--yes', login, newFolder())).toMatchObject({ code: 2 });
    expect(await restoring('--yes --server /nowhere/redis-server')).toMatchObject({ code: 2 });
    expect(await restoring('--yes', { ...login, PATH: '/nowhere' })).toMatchObject({ code: 1 });
    expect(await cluster('restore')).toMatchObject({ code: 2 });
  });

  it('takes no damaged file', async () => {
    const source = await formCluster({ shards: 1 });
    try {
      await source.putKeys(100);
      const folder = path.join(newFolder(), 'b');
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
    expect(await size()).toBe(KEYS);
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
        expect(sizes.reduce<number>((sum, each) => sum + Number(each), 0)).toBe(KEYS);
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

describe.runIf(findServer('valkey-9.1') !== null)('between servers of different versions', () => {
  const valkey = (): string => serverBinary('valkey-9.1').server;

  it('an older backup goes into a newer cluster, and not the reverse', async () => {
    const clients = new ByteClients();
    try {
      const old = await save(clients, 'default');
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
        const young = await save(clients, 'valkey-9.1');
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
      const folder = path.join(newFolder(), 'b');
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
