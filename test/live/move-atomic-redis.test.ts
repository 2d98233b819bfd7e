/**
 * `cluster reshard` inside Redis 8.6: what its servers would lose, overfill or refuse, and what they do better. A server
 * that is not there is not tested, and the report shows its tests as skipped.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { type RunResult, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, meetRun, newStateFolder } from '../support/watched-run.ts';

const flavor = 'redis-8.6';
const PASSWORD = 'secret';
const [SOURCE, TARGET, THIRD] = [0, 1, 2] as const;
const FELL_BACK = 'Going on key by key';
/** The time that the server waits after each key of its snapshot, in microseconds. */
const SNAPSHOT_DELAY = '5000';

describe.runIf(findServer(flavor) !== null)('cluster reshard inside Redis 8.6', () => {
  let formed: FormedCluster;
  let clients: ByteClients;
  let addresses: readonly string[];

  beforeAll(async () => {
    formed = await formCluster({
      shards: 3,
      flavor,
      password: PASSWORD,
      settings: { 'enable-debug-command': 'local' },
    });
    clients = new ByteClients({ password: PASSWORD });
    addresses = formed.nodes.map(({ address }) => address);
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });

  function reshard(ranges: string, more = '', to: number = TARGET): string {
    return `reshard ${formed.seed} -a ${PASSWORD} --ranges ${ranges} --to ${formed.primary(to).address} --yes --progress json ${more}`;
  }

  function call(index: number, ...argv: readonly string[]) {
    return clients.call(formed.primary(index).address, argv);
  }

  async function configure(setting: string, value: string): Promise<void> {
    for (const index of [SOURCE, TARGET, THIRD]) await call(index, 'CONFIG', 'SET', setting, value);
  }

  async function put(first: number, last: number, count = 160): Promise<readonly StoredKey[]> {
    await putAllKinds(clients, formed.primary(SOURCE).address, [first, last], count);
    return storedIn(clients, addresses);
  }

  async function expectHealthy(): Promise<void> {
    const check = await redisCli(['-a', PASSWORD, '--no-auth-warning', '--cluster', 'check', formed.seed], { flavor });
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).not.toContain('[WARNING]');
  }

  async function expectDone(run: RunResult, before: readonly StoredKey[]): Promise<void> {
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).not.toContain(FELL_BACK);
    expectSameKeys(await storedIn(clients, addresses), before);
    await expectHealthy();
  }

  it('needs no password between the nodes: they share a secret', async () => {
    await configure('masterauth', 'wrong');
    const before = await put(100, 119);
    await expectDone(await cluster(reshard('100-119', '--mover atomic'), newStateFolder()), before);
    expect(await call(SOURCE, 'DBSIZE')).toBe(0);
    await configure('masterauth', PASSWORD);
  });

  it('never deletes what the target has: another value stops it, unless --replace', async () => {
    const [name = ''] = namesIn([200, 209], 'both:', 1);
    await call(SOURCE, 'SET', name, 'newer');
    await formed.plantKey(formed.primary(TARGET), name);
    const state = newStateFolder();
    const run = await cluster(reshard('200-209'), state);
    expect(run).toMatchObject({ code: 5 });
    expect(run.stderr).toMatch(/Going on key by key.*has keys of slot \d+ already, which the server would delete/);
    expect(run.stderr).toContain(name);
    expect(String(await call(SOURCE, 'GET', name))).toBe('newer');
    expect(String(await clients.call(formed.primary(TARGET).address, ['ASKING'], ['GET', name]))).toBe('planted');
    expect(await cluster(`resume -a ${PASSWORD} --yes --replace`, state)).toMatchObject({ code: 0 });
    expect(String(await call(TARGET, 'GET', name))).toBe('newer');
    await expectHealthy();
  });

  it('never fills the target beyond its memory, which the servers would', async () => {
    const names = namesIn([300, 319], 'memory:', 200);
    await Promise.all(names.map((name) => call(SOURCE, 'SET', name, 'x'.repeat(10_000))));
    const used = /used_memory:(\d+)/.exec(String(await call(TARGET, 'INFO', 'memory')))?.[1];
    const limit = Number(used) + 1_000_000;
    await call(TARGET, 'CONFIG', 'SET', 'maxmemory', `${limit}`);
    let held = 0;
    // A key-wise move waits some seconds for memory.
    const run = await meetRun(
      reshard('300-319', '--max-pause 1'),
      newStateFolder(),
      { lines: 3, afterMs: 1500 },
      async () => {
        held = Number(/used_memory:(\d+)/.exec(String(await call(TARGET, 'INFO', 'memory')))?.[1]);
        await call(TARGET, 'CONFIG', 'SET', 'maxmemory', '0');
      },
    );
    expect(held).toBeLessThan(limit + 100_000);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(/Going on key by key.*would use more memory than its maxmemory/);
    for (const name of names) expect(await call(TARGET, 'STRLEN', name)).toBe(10_000);
    await expectHealthy();
  });

  it('is cancelled by Ctrl-C: every slot stays whole, and can be moved either way', async () => {
    const before = await put(400, 419);
    await configure('rdb-key-save-delay', SNAPSHOT_DELAY);
    const state = newStateFolder();
    const run = await killedRun(reshard('400-419', '--mover atomic'), state, { lines: 3, afterMs: 200 }, 'SIGINT');
    expect(run).toMatchObject({ code: 130 });
    expect(run.stderr).toContain('Nothing was moved.');
    for (const index of [SOURCE, TARGET]) expect(await statesOf(index, '400-419')).toEqual(['canceled']);
    expectSameKeys(await storedIn(clients, addresses), before);
    await configure('rdb-key-save-delay', '0');
    // The servers take no SETSLOT of slots that they still have a task for.
    await expectDone(await cluster(reshard('400-419', '--mover key-wise'), newStateFolder()), before);
  });

  /** Of the node's tasks for these slots. */
  async function statesOf(index: number, slots: string): Promise<readonly string[]> {
    const reply = (await call(index, 'CLUSTER', 'MIGRATION', 'STATUS', 'ALL')) as readonly (readonly Buffer[])[];
    const rows = reply.map((row) => row.map(String));
    return rows.filter((row) => row[3] === slots).map((row) => row[11] ?? '');
  }

  it('waits for its turn: a node takes part in one task at a time', async () => {
    await configure('rdb-key-save-delay', SNAPSHOT_DELAY);
    const before = await put(500, 519);
    await putAllKinds(clients, formed.primary(THIRD).address, [12_000, 12_019], 160);
    const all = await storedIn(clients, addresses);
    const run = await cluster(reshard('500-519,12000-12019', '--mover atomic'), newStateFolder());
    await configure('rdb-key-save-delay', '0');
    expect(all.length).toBe(before.length + 160);
    await expectDone(run, all);
    expect(run.stderr).not.toContain('move-retry');
  });

  it('is refused beside a migration that somebody else has begun, and waits for it where it is forced', async () => {
    await configure('rdb-key-save-delay', SNAPSHOT_DELAY);
    const before = await put(600, 639, 320);
    await call(THIRD, 'CLUSTER', 'MIGRATION', 'IMPORT', '600', '619');
    const refused = await cluster(reshard('620-639'), newStateFolder());
    const forced = await cluster(reshard('620-639', '--force'), newStateFolder());
    await configure('rdb-key-save-delay', '0');
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr).toMatch(/Somebody else is moving slots of this cluster: .*600-619/);
    await expectDone(forced, before);
  });

  it('two operators: the second is refused', async () => {
    await configure('rdb-key-save-delay', SNAPSHOT_DELAY);
    const before = await put(700, 719);
    let second: RunResult | null = null;
    const first = await meetRun(reshard('700-719'), newStateFolder(), { lines: 3 }, async () => {
      second = await cluster(reshard('720-729'), newStateFolder());
    });
    await configure('rdb-key-save-delay', '0');
    expect(second).toMatchObject({ code: 4 });
    await expectDone(first, before);
  });

  it('goes on key by key where the servers fail again and again', async () => {
    const before = await put(800, 809, 80);
    await call(SOURCE, 'DEBUG', 'ASM-FAILPOINT', 'migrate-rdb-channel', 'send-bulk-and-stream');
    const run = await cluster(reshard('800-809'), newStateFolder());
    await call(SOURCE, 'DEBUG', 'ASM-FAILPOINT', '', '');
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain(FELL_BACK);
    expectSameKeys(await storedIn(clients, addresses), before);
    await expectHealthy();
  });

  it('moves back at once, also while the source still deletes what it gave away', async () => {
    const before = await put(900, 919);
    // While somebody is told of every key that goes, the server deletes key by key.
    await call(SOURCE, 'DEBUG', 'ASM-TRIM-METHOD', 'active', '10000');
    const state = newStateFolder();
    await expectDone(await cluster(reshard('900-919', '--mover atomic'), state), before);
    const undone = await cluster(`undo -a ${PASSWORD} --yes`, state);
    await call(SOURCE, 'DEBUG', 'ASM-TRIM-METHOD', 'default', '0');
    await expectDone(undone, before);
    expect((await storedIn(clients, [formed.seed])).length).toBe(
      before.filter(({ address }) => address === formed.seed).length,
    );
  });

  it('takes a large key, one that expires, and functions along', async () => {
    const [large = '', brief = '', called = ''] = namesIn([1000, 1009], 'key:', 3);
    const library =
      "#!lua name=answers\nredis.register_function('answer', function(keys) return redis.call('GET', keys[1]) end)";
    await call(SOURCE, 'FUNCTION', 'LOAD', library);
    await call(SOURCE, 'SETRANGE', large, `${50 * 1024 * 1024 - 1}`, 'x');
    await call(SOURCE, 'SET', called, '42');
    await call(SOURCE, 'SET', brief, 'v', 'PX', '1500');
    expect(await cluster(reshard('1000-1009', '--mover atomic'), newStateFolder())).toMatchObject({ code: 0 });
    expect(await call(TARGET, 'STRLEN', large)).toBe(50 * 1024 * 1024);
    expect(String(await call(TARGET, 'FCALL', 'answer', '1', called))).toBe('42');
    await eventually(async () => expect(await call(TARGET, 'EXISTS', brief)).toBe(0), { what: 'it has expired' });
    await call(TARGET, 'DEL', large);
    await expectHealthy();
  });

  it('to and fro under a writer: nothing that was acknowledged is lost', async () => {
    const writer = new AcknowledgedWriter(addresses, { range: [1100, 1199], password: PASSWORD });
    const state = newStateFolder();
    for (const to of [TARGET, THIRD, SOURCE]) {
      const run = await cluster(reshard('1100-1199', '--mover atomic', to), state);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stderr).not.toContain(FELL_BACK);
    }
    const report = await writer.stop();
    expect(report).toMatchObject({ lost: [] });
    expect(report.acknowledged).toBeGreaterThan(100);
    await expectHealthy();
  });
});
