/** `cluster import` from a standalone server that nobody disturbs: what comes, what stays, what is refused, what is said. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { type RunResult, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { keySlot } from '../support/key-slot.ts';
import { expectSameKeys, putAllKinds, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { type Standalone, startStandalone } from '../support/standalone.ts';
import { cluster } from '../support/transcript.ts';

const KEYS = 640;
const ALL_SLOTS = [0, 16383] as const;

let formed: FormedCluster;
let source: Standalone;
let clients: ByteClients;

beforeAll(async () => {
  [formed, source] = await Promise.all([formCluster({ shards: 3 }), startStandalone()]);
  clients = new ByteClients();
});
afterAll(async () => {
  clients?.close();
  await Promise.all([formed?.stop(), source?.stop()]);
});
beforeEach(async () => {
  await clients.call(source.address, ['FLUSHALL']);
  await Promise.all(formed.nodes.map(({ address }) => clients.call(address, ['FLUSHALL'])));
});

const addresses = (): readonly string[] => formed.nodes.map(({ address }) => address);
const inCluster = () => storedIn(clients, addresses());
const inSource = () => storedIn(clients, [source.address]);

function importing(more = '', options = {}): Promise<RunResult> {
  return cluster(`import ${formed.seed} --from ${source.address} ${more}`, options);
}

function ownerOf(name: string): string {
  return formed.ownerOf(keySlot(name)).address;
}

describe('keys of all kinds, also binary ones and ones that expire', () => {
  it.each(['relay', 'migrate'])('are moved with --engine %s', async (engine) => {
    await putAllKinds(clients, source.address, ALL_SLOTS, KEYS);
    const before = await inSource();
    const run = await importing(`--yes --engine ${engine}`);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain(`>>> Importing data from ${source.address} to cluster ${formed.seed}`);
    expect(run.stdout).toContain(`*** Importing ${KEYS} keys from DB 0`);
    expect(run.stdout).toContain('[OK] 640 keys imported');
    expectSameKeys(await inCluster(), before);
    expect(await inSource()).toEqual([]);
  });

  it('are copied with --copy, and a second copy finds them all there', async () => {
    await putAllKinds(clients, source.address, ALL_SLOTS, KEYS);
    const before = await inSource();
    expect(await importing('--yes --copy')).toMatchObject({ code: 0 });
    expectSameKeys(await inCluster(), before);
    expectSameKeys(await inSource(), before);
    const again = await importing('--yes --copy');
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('0 keys imported');
    expect(again.stdout).toContain('640 were there already');
    expect(await importing('--yes')).toMatchObject({ code: 0 });
    expectSameKeys(await inCluster(), before);
    expect(await inSource()).toEqual([]);
  });

  it('lands as redis-cli --cluster import lands, which cannot take the binary ones', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `plain:${index}`);
    for (const name of names) await clients.call(source.address, ['SET', name, `value of ${name}`]);
    const ours = await importing('--yes --copy');
    expect(ours).toMatchObject({ code: 0 });
    const after = await inCluster();
    await Promise.all(addresses().map((address) => clients.call(address, ['FLUSHALL'])));
    const theirs = await redisCli(['--cluster', 'import', formed.seed, '--cluster-from', source.address]);
    expect(theirs).toMatchObject({ code: 0 });
    expect(await inCluster()).toEqual(after);
  });
});

describe('a key that the cluster has already', () => {
  it('stays on both sides with another value, is named, and does not stop the others', async () => {
    for (let index = 0; index < 300; index++) await clients.call(source.address, ['SET', `key:${index}`, 'new']);
    await clients.call(ownerOf('key:7'), ['SET', 'key:7', 'other']);
    await clients.call(ownerOf('key:8'), ['SET', 'key:8', 'new']);
    await clients.call(ownerOf('key:9'), ['SET', 'key:9', 'new', 'EX', '1000']);
    for (const more of ['--engine relay', '--engine migrate']) {
      const run = await importing(`--yes ${more}`);
      expect(run).toMatchObject({ code: 1 });
      expect(run.stdout).toMatch(/\[ERR\] 2 keys in the cluster with another value.*"key:/);
      expect(String(await clients.call(ownerOf('key:7'), ['GET', 'key:7']))).toBe('other');
      expect((await inSource()).map(({ name }) => Buffer.from(name, 'hex').toString())).toEqual(['key:7', 'key:9']);
    }
    expect(await importing('--yes --replace')).toMatchObject({ code: 0 });
    expect(String(await clients.call(ownerOf('key:7'), ['GET', 'key:7']))).toBe('new');
    expect(await clients.call(ownerOf('key:9'), ['PTTL', 'key:9'])).toBe(-1);
    expect(await inSource()).toEqual([]);
    expect(await inCluster()).toHaveLength(300);
  });
});

describe('what is asked and what is refused', () => {
  it('nothing is changed by --dry-run, nor by --json without --yes; a script is not asked, as with redis-cli', async () => {
    await clients.call(source.address, ['SET', 'key', 'value']);
    const dry = await importing('--dry-run');
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toContain('Keys are MOVED');
    const json = await importing('--json');
    expect(json).toMatchObject({ code: 4 });
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, error: { code: 'REFUSED' } });
    expect(await inSource()).toHaveLength(1);
    expect(await inCluster()).toEqual([]);
    const unattended = await importing();
    expect(unattended).toMatchObject({ code: 0 });
    expect(unattended.stderr).not.toContain('Do you want');
    expect(await inCluster()).toHaveLength(1);
  });

  it('a script is asked where keys may be evicted', async () => {
    await clients.call(source.address, ['SET', 'key', 'value']);
    const full = formed.primary(0).address;
    await clients.call(full, ['CONFIG', 'SET', 'maxmemory', '1']);
    try {
      const refused = await importing();
      expect(refused).toMatchObject({ code: 4 });
      expect(refused.stderr).toContain('Do you want to move these keys?');
      expect(await importing('', { input: 'no\n' })).toMatchObject({ code: 4 });
      expect(await inSource()).toHaveLength(1);
    } finally {
      await clients.call(full, ['CONFIG', 'SET', 'maxmemory', '0']);
    }
    expect(await importing('', { input: 'yes\n' })).toMatchObject({ code: 0 });
  });

  it('a document with --json, events with --progress json', async () => {
    await putAllKinds(clients, source.address, ALL_SLOTS, KEYS);
    const run = await importing('--yes --json --copy --progress json');
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({
      version: 1,
      outcome: 'done',
      plan: {
        steps: [{ kind: 'import-keys', from: source.address, database: 0, copy: true, engine: 'relay', keys: KEYS }],
      },
      report: { keys: KEYS, alreadyThere: 0, conflicts: { count: 0 }, changed: { count: 0 } },
    });
    expect(run.stderr).toContain('"event":"stage-begin","kind":"import-keys"');
  });

  it('another database: which one must be said where several hold keys', async () => {
    await clients.call(source.address, ['SET', 'zero', '0']);
    await clients.call(source.address, ['SELECT', '3'], ['SET', 'three', '3'], ['SELECT', '0']);
    const unclear = await importing('--yes');
    expect(unclear).toMatchObject({ code: 4 });
    expect(unclear.stderr).toContain(`3 of ${source.address} (1 key)`);
    expect(unclear.stderr).toContain('--from-db 0');
    for (const engine of ['relay', 'migrate']) {
      await clients.call(source.address, ['SELECT', '3'], ['SET', engine, '3'], ['SELECT', '0']);
      expect(await importing(`--yes --from-db 3 --engine ${engine}`)).toMatchObject({ code: 0 });
      expect(String(await clients.call(ownerOf(engine), ['GET', engine]))).toBe('3');
    }
    expect(String(await clients.call(ownerOf('three'), ['GET', 'three']))).toBe('3');
    expect(await importing('--yes --from-db 0')).toMatchObject({ code: 0 });
    expect(await importing('--yes')).toMatchObject({ code: 0 });
  });

  it('wrong words, nobody there, and a node of the cluster itself', async () => {
    const without = await cluster(`import ${formed.seed} --yes`);
    expect(without).toMatchObject({ code: 2 });
    expect(without.stderr).toContain("[ERR] Option '--cluster-from' is required for subcommand 'import'.");
    expect(await cluster(`import ${formed.seed} --from nowhere --yes`)).toMatchObject({ code: 2 });
    const nobody = await cluster(`import ${formed.seed} --from 127.0.0.1:1 --yes`);
    expect(nobody).toMatchObject({ code: 3 });
    expect(nobody.stderr).toContain('Could not connect to Redis at 127.0.0.1:1: Connection refused');
    const itself = await cluster(`import ${formed.seed} --from ${formed.primary(1).address} --yes`);
    expect(itself).toMatchObject({ code: 4 });
    expect(itself.stderr).toContain('is a node of this very cluster');
    const nothing = await importing('--yes');
    expect(nothing).toMatchObject({ code: 0 });
    expect(nothing.stdout).toContain('Nothing to do: the source holds no keys.');
  });

  it("redis-cli's own words do the same", async () => {
    await clients.call(source.address, ['SET', 'key', 'value']);
    const [host = '', port = ''] = formed.seed.split(':');
    const run = await cluster(
      `--cluster import ${host} ${port} --cluster-from ${source.address} --cluster-copy --cluster-replace --cluster-timeout 1000 --cluster-pipeline 10`,
      { env: { REDISCLI_CLUSTER_YES: '1' } },
    );
    expect(run).toMatchObject({ code: 0 });
    expect(await inCluster()).toHaveLength(1);
    expect(await inSource()).toHaveLength(1);
  });

  it('a cluster that is not healthy takes nothing', async () => {
    await clients.call(source.address, ['SET', 'key', 'value']);
    await formed.openSlot(5, formed.primary(1));
    try {
      const run = await importing('--yes');
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toContain('*** Please fix your cluster problems before importing');
    } finally {
      for (const node of [formed.primary(0), formed.primary(1)])
        await formed.call(node, 'CLUSTER', 'SETSLOT', '5', 'STABLE');
    }
  });
});

describe('functions', () => {
  afterEach(() => clients.call(source.address, ['FUNCTION', 'FLUSH']));

  it('are told about, and left where they are', async () => {
    await clients.call(source.address, [
      'FUNCTION',
      'LOAD',
      "#!lua name=mylib\nredis.register_function('f', function() return 1 end)",
    ]);
    await clients.call(source.address, ['SET', 'key', 'value']);
    const run = await importing('--yes');
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('The source has functions, which are not imported: mylib.');
  });
});

describe.runIf(findServer('valkey-9.1') !== null)('between servers of different versions', () => {
  const newer: ServerFlavor = 'valkey-9.1';

  it('an older server gives to a newer cluster, moved and copied, and again', async () => {
    const target = await formCluster({ shards: 3, flavor: newer });
    try {
      const nodes = target.nodes.map(({ address }) => address);
      await putAllKinds(clients, source.address, ALL_SLOTS, KEYS);
      const before = await inSource();
      for (const more of ['--copy', '--copy', '']) {
        const run = await cluster(`import ${target.seed} --from ${source.address} --yes ${more}`);
        expect(run).toMatchObject({ code: 0 });
        expect((await storedIn(clients, nodes)).map(({ name }) => name)).toEqual(before.map(({ name }) => name));
      }
      expect(await inSource()).toEqual([]);
    } finally {
      await target.stop();
    }
  });

  it('an older cluster cannot read what a newer server dumps: refused before anything is changed', async () => {
    const giver = await startStandalone({ flavor: newer });
    try {
      await clients.call(giver.address, ['SET', 'key', 'value']);
      const run = await cluster(`import ${formed.seed} --from ${giver.address} --yes`);
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toMatch(/cannot read what .* \(Valkey 9\.1\.\d+\) dumps: its format version is 80/);
      expect(await inCluster()).toEqual([]);
    } finally {
      await giver.stop();
    }
  });
});
