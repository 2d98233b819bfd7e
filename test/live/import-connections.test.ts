/** `cluster import` where a login, TLS or another cluster stands between: also for MIGRATE, which logs in by itself. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';
import { connect } from '../../src/lib/redis/connect.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { home } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, putAllKinds, storedIn } from '../support/keys-of-all-kinds.ts';
import { rawCommands } from '../support/raw-command.ts';
import { type Standalone, startStandalone } from '../support/standalone.ts';
import { startTcpProxies } from '../support/tcp-proxy.ts';
import { cluster } from '../support/transcript.ts';

const KEYS = 320;
const HERE = 'the "source" says 50%s';
const THERE = "the cluster's own";

describe('a password on either side', () => {
  let formed: FormedCluster;
  let source: Standalone;
  let inside: ByteClients;
  let outside: ByteClients;
  beforeAll(async () => {
    [formed, source] = await Promise.all([
      formCluster({ shards: 3, password: THERE }),
      startStandalone({
        password: HERE,
        aclUsers: ['mover on >two ~* &* +@all', 'nomigrate on >two ~* &* +@all -migrate'],
      }),
    ]);
    inside = new ByteClients({ password: THERE });
    outside = new ByteClients({ password: HERE });
  });
  afterAll(async () => {
    inside?.close();
    outside?.close();
    await Promise.all([formed?.stop(), source?.stop()]);
  });
  const env = (here: string, there: string) => ({ env: { REDISCLI_FROM_AUTH: here, REDISCLI_AUTH: there } });
  const typed = (more = ''): string => `import ${formed.seed} --from ${source.address} --yes ${more}`;
  const fill = async (): Promise<void> => {
    await outside.call(source.address, ['FLUSHALL']);
    await putAllKinds(outside, source.address, [0, 16383], KEYS);
  };
  const inCluster = () =>
    storedIn(
      inside,
      formed.nodes.map(({ address }) => address),
    );

  it.each(['--engine relay', '--engine migrate', '--copy'])('%s: each side gets its own', async (more) => {
    await fill();
    const before = await storedIn(outside, [source.address]);
    const run = await cluster(typed(`${more} --replace`), env(HERE, THERE));
    expect(run).toMatchObject({ code: 0 });
    expectSameKeys(await inCluster(), before);
    for (const secret of [HERE, THERE]) expect(run.stdout + run.stderr).not.toContain(secret);
  });

  it('a saved plan has neither; it is typed again', async () => {
    await fill();
    const file = path.join(home, 'import-plan.json');
    const run = await cluster(typed(`--copy --dry-run --plan-out ${file}`), env(HERE, THERE));
    expect(run).toMatchObject({ code: 0 });
    for (const secret of [HERE, THERE])
      expect(readFileSync(file, 'utf8')).not.toContain(JSON.stringify(secret).slice(1, -1));
    const applied = await cluster(`apply ${file} --yes`, env(HERE, THERE));
    expect(applied).toMatchObject({ code: 2 });
    expect(applied.stderr).toContain(`cluster import HOST:PORT --from ${source.address}`);
  });

  it('a wrong one names the side that refused it', async () => {
    const wrongHere = await cluster(typed(), env('wrong', THERE));
    expect(wrongHere).toMatchObject({ code: 3 });
    expect(wrongHere.stderr).toContain(`Node ${source.address} refused the login`);
    expect(wrongHere.stderr).toContain('REDISCLI_FROM_AUTH');
    const wrongThere = await cluster(typed(), env(HERE, 'wrong'));
    expect(wrongThere).toMatchObject({ code: 3 });
    expect(wrongThere.stderr).toContain(`Node ${formed.seed} refused the login`);
    expect(wrongThere.stderr).toContain('REDISCLI_AUTH');
    const none = await cluster(typed(), env('', THERE));
    expect(none).toMatchObject({ code: 3 });
    expect(none.stderr).toContain(source.address);
  });

  it('a source far away sends the keys itself, and this program takes over where it may not', async () => {
    await fill();
    const before = await storedIn(outside, [source.address]);
    const far = await startTcpProxies([source.address], { delayMs: 4 });
    try {
      const from = `import ${formed.seed} --from ${far.addresses[0]} --yes --replace`;
      const login = { env: { REDISCLI_AUTH: THERE } };
      const own = await cluster(`${from} --from-user mover --from-pass two`, login);
      expect(own).toMatchObject({ code: 0 });
      expect(own.stdout).toMatch(/primaries +migrate +moved/);
      expectSameKeys(await inCluster(), before);
      await fill();
      const refused = await cluster(`${from} --from-user nomigrate --from-pass two`, login);
      expect(refused).toMatchObject({ code: 0 });
      expect(refused.stderr).toContain('Going on through this program: MIGRATE from');
      expectSameKeys(await inCluster(), before);
      expect(await storedIn(outside, [source.address])).toEqual([]);
    } finally {
      far.stop();
    }
  });

  it('a user who may not MIGRATE is told so where MIGRATE was asked for', async () => {
    await fill();
    const login = { env: { REDISCLI_AUTH: THERE } };
    const forced = await cluster(typed('--from-user nomigrate --from-pass two --engine migrate --replace'), login);
    expect(forced).toMatchObject({ code: 1 });
    expect(forced.stderr).toContain('--engine relay');
    const run = await cluster(typed('--cluster-from-user mover --cluster-from-pass two --replace'), login);
    expect(run).toMatchObject({ code: 0 });
    expect(await storedIn(outside, [source.address])).toEqual([]);
  });
});

describe('another cluster as the source', () => {
  it.each(['relay', 'migrate', 'copy'])('%s: all of its primaries are emptied, or copied', async (how) => {
    const [giver, taker] = await Promise.all([formCluster({ shards: 2, replicas: 1 }), formCluster({ shards: 3 })]);
    const clients = new ByteClients();
    try {
      await putAllKinds(clients, giver.primary(0).address, [0, 8191], KEYS);
      await putAllKinds(clients, giver.primary(1).address, [8192, 16383], KEYS);
      const given = giver.primaries.map(({ address }) => address);
      const taken = taker.primaries.map(({ address }) => address);
      const before = await storedIn(clients, given);
      const more = how === 'copy' ? '--copy' : `--engine ${how}`;
      const run = await cluster(`import ${taker.seed} --from ${giver.replica(0).address} --yes ${more}`);
      expect(run).toMatchObject({ code: 0 });
      expectSameKeys(await storedIn(clients, taken), before);
      const left = await storedIn(clients, given);
      if (how === 'copy') expectSameKeys(left, before);
      else expect(left).toEqual([]);
    } finally {
      clients.close();
      await Promise.all([giver.stop(), taker.stop()]);
    }
  });
});

describe('TLS', () => {
  it('on one side only, and on both', async () => {
    const formed = await formCluster({ shards: 3, tls: {} });
    const plain = await startStandalone();
    const secret = await startStandalone({ tls: {} });
    try {
      const authority = formed.certificates?.ca ?? '';
      const put = Array.from({ length: 100 }, (_, index) => ['SET', `key:${index}`, 'value']);
      await rawCommands(plain.address, put);
      const tls = `--tls --cacert ${authority}`;
      const fromPlain = await cluster(`import ${formed.seed} --from ${plain.address} ${tls} --yes`);
      expect(fromPlain).toMatchObject({ code: 0 });
      expect(fromPlain.stdout).toContain('[OK] 100 keys imported');
      await rawCommands(secret.address, put, { tls: secret.servers.certificates });
      const without = await cluster(`import ${formed.seed} --from ${secret.address} ${tls} --from-tls --yes`);
      expect(without).toMatchObject({ code: 3 });
      const own = secret.servers.certificates?.ca ?? '';
      const both = await cluster(
        `import ${formed.seed} --from ${secret.address} ${tls} --from-tls --from-cacert ${own} --yes`,
      );
      expect(both).toMatchObject({ code: 0 });
      expect(both.stdout).toContain('100 were there already');
    } finally {
      await Promise.all([formed.stop(), plain.stop(), secret.stop()]);
    }
  });
});

describe('a connection that watches keys', () => {
  it('is not replaced unseen: EXEC fails where WATCH was lost', async () => {
    const server = await startStandalone();
    const clients = new ByteClients();
    const port = connect({
      user: null,
      password: null,
      tls: null,
      timeoutMs: 5000,
      clientName: 'the-watcher',
      natMap: new Map(),
      family: 0,
    });
    try {
      await clients.call(server.address, ['SET', 'key', 'value']);
      const at = present(parseAddress(server.address), 'a test server is named as host:port');
      const options = { bulk: true, channel: 'lane' };
      await port.callMany(at, [['WATCH', 'key']], options);
      const list = String(await clients.call(server.address, ['CLIENT', 'LIST']));
      const id = /id=(\d+) [^\n]*name=the-watcher/.exec(list)?.[1] ?? '';
      await clients.call(server.address, ['CLIENT', 'KILL', 'ID', id]);
      await clients.call(server.address, ['SET', 'key', 'newer']);
      const exec = port.callMany(at, [['MULTI'], ['UNLINK', 'key'], ['EXEC']], { ...options, continues: true });
      await expect(exec).rejects.toMatchObject({ code: 'UNREACHABLE' });
      expect(String(await clients.call(server.address, ['GET', 'key']))).toBe('newer');
    } finally {
      port.close();
      clients.close();
      await server.stop();
    }
  });
});
