/**
 * `cluster reshard` that meets what can go wrong on living servers: no memory, keys on both sides, other passwords, a
 * huge key, keys that expire, and somebody else at work. It stops where it must, says what to do, and goes on.
 */

import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { type RunResult, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { keySlot, namesIn } from '../support/key-slot.ts';
import { storedIn } from '../support/keys-of-all-kinds.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

let formed: FormedCluster;
let clients: ByteClients;

beforeAll(async () => {
  formed = await formCluster({ shards: 3 });
  clients = new ByteClients();
});
afterAll(async () => {
  clients?.close();
  await formed?.stop();
});

const [SOURCE, TARGET, BYSTANDER] = [0, 1, 2] as const;

function reshard(ranges: string, more = ''): string {
  return `reshard ${formed.seed} --ranges ${ranges} --to ${formed.primary(TARGET).address} --yes --progress json ${more}`;
}

function call(index: number, ...argv: readonly string[]) {
  return clients.call(formed.primary(index).address, argv);
}

async function expectHealthy(): Promise<void> {
  const check = await redisCli(['--cluster', 'check', formed.seed]);
  expect(check).toMatchObject({ code: 0 });
  expect(check.stdout).not.toContain('[WARNING]');
}

async function expectStopped(run: RunResult, said: string | RegExp): Promise<void> {
  expect(run).toMatchObject({ code: 5 });
  expect(run.stderr).toMatch(said);
  expect(run.stderr).toContain('Go on with: cluster resume');
}

describe('cluster reshard stops, and resume goes on', () => {
  it('where the target has no memory left', async () => {
    const names = namesIn([100, 139], 'memory:', 400);
    for (const name of names) await clients.call(formed.seed, ['SET', name, 'x'.repeat(10_000)]);
    const used = /used_memory:(\d+)/.exec(String(await call(TARGET, 'INFO', 'memory')))?.[1];
    await call(TARGET, 'CONFIG', 'SET', 'maxmemory', `${Number(used) + 1_500_000}`);
    const state = newStateFolder();
    const run = await cluster(reshard('100-139', '--max-pause 1'), state);
    await expectStopped(run, `Give ${formed.primary(TARGET).address} more memory`);
    await call(TARGET, 'CONFIG', 'SET', 'maxmemory', '0');
    expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
    expect((await storedIn(clients, [formed.primary(TARGET).address])).length).toBe(names.length);
    expect(await call(SOURCE, 'DBSIZE')).toBe(0);
    await expectHealthy();
  });

  it('where both sides have a key: the same value goes on, another value stops unless --replace', async () => {
    const [same = '', other = ''] = namesIn([200, 209], 'both:', 2);
    for (const [name, here, there] of [
      [same, 'v', 'v'],
      [other, 'newer', 'older'],
    ] as const) {
      await clients.call(formed.seed, ['SET', name, here]);
      const slot = `${keySlot(name)}`;
      const target = formed.primary(TARGET);
      await formed.call(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', formed.primary(SOURCE).id);
      await clients.call(target.address, ['ASKING'], ['SET', name, there]);
      await formed.call(target, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
    }
    const state = newStateFolder();
    const run = await cluster(reshard('200-209'), state);
    await expectStopped(run, `"${other}"`);
    expect(run.stderr).not.toContain(same);
    expect(run.stderr).toContain('Neither was changed');
    expect(String(await call(SOURCE, 'GET', other))).toBe('newer');
    expect(String(await clients.call(formed.primary(TARGET).address, ['ASKING'], ['GET', other]))).toBe('older');
    expect(await cluster('resume --yes', state)).toMatchObject({ code: 5 });
    expect(await cluster('resume --yes --replace', state)).toMatchObject({ code: 0 });
    expect(String(await call(TARGET, 'GET', other))).toBe('newer');
    expect(String(await call(TARGET, 'GET', same))).toBe('v');
    await expectHealthy();
  });

  it('where a copy at the target expires later, as after a pause of it: the source’s goes on, but not one that expires sooner', async () => {
    const [later = '', sooner = ''] = namesIn([210, 219], 'expiring:', 2);
    const target = formed.primary(TARGET);
    for (const [name, seconds] of [
      [later, '5000'],
      [sooner, '1000'],
    ] as const) {
      const slot = `${keySlot(name)}`;
      await clients.call(formed.seed, ['SET', name, 'v', 'EX', '3000']);
      await formed.call(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', formed.primary(SOURCE).id);
      await clients.call(target.address, ['ASKING'], ['SET', name, 'v', 'EX', seconds]);
      await formed.call(target, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
    }
    const state = newStateFolder();
    const run = await cluster(reshard('210-219'), state);
    await expectStopped(run, `"${sooner}"`);
    expect(run.stderr).not.toContain(later);
    expect(await cluster('resume --yes --replace', state)).toMatchObject({ code: 0 });
    expect(Number(await call(TARGET, 'TTL', later))).toBeLessThanOrEqual(3000);
    await expectHealthy();
  });

  it('where the target has another password', async () => {
    const names = namesIn([300, 309], 'locked:', 50);
    for (const name of names) await clients.call(formed.seed, ['SET', name, 'v']);
    // The connections of this test stay logged in.
    const state = newStateFolder();
    await call(TARGET, 'CONFIG', 'SET', 'requirepass', 'secret');
    try {
      const run = await cluster(reshard('300-309'), state);
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toContain('NOAUTH Authentication required');
      expect(await call(SOURCE, 'DBSIZE')).toBe(names.length);
    } finally {
      await call(TARGET, 'CONFIG', 'SET', 'requirepass', '');
    }
    expect(await cluster(reshard('300-309'), state)).toMatchObject({ code: 0 });
    await expectHealthy();
  });
});

describe('cluster reshard moves', () => {
  it('a key of 100 MB, and nobody takes the blocked nodes for dead', async () => {
    const [name = '', large = ''] = namesIn([400, 409], 'huge:', 2);
    await clients.call(formed.seed, ['SETRANGE', name, `${100 * 1024 * 1024 - 1}`, 'x']);
    for (let part = 0; part < 20; part++) {
      const members = Array.from({ length: 10_000 }, (_, index) => [`${index}`, `member ${part} ${index}`]).flat();
      await clients.call(formed.seed, ['ZADD', large, ...members]);
    }
    const run = await cluster(reshard('400-409'), newStateFolder());
    expect(run).toMatchObject({ code: 0 });
    expect(await call(TARGET, 'STRLEN', name)).toBe(100 * 1024 * 1024);
    expect(await call(TARGET, 'ZCARD', large)).toBe(200_000);
    for (const node of formed.nodes) expect(node.log()).not.toMatch(/Marking node .* as failing|FAIL message received/);
    await call(TARGET, 'DEL', name);
    await expectHealthy();
  });

  it('keys that expire on the way', async () => {
    const names = namesIn([500, 519], 'brief:', 300);
    await Promise.all(
      names.map((name, index) => clients.call(formed.seed, ['SET', name, 'v', 'PX', `${200 + 5 * index}`])),
    );
    const run = await cluster(reshard('500-519', '--throttle 300keys/s --max-pause 1'), newStateFolder());
    expect(run).toMatchObject({ code: 0 });
    await expect.poll(async () => Number(await call(TARGET, 'EXISTS', names[299] ?? '')), { timeout: 5000 }).toBe(0);
    await expectHealthy();
  });

  it('slots of a primary with functions, which stay callable', async () => {
    const library =
      "#!lua name=answers\nredis.register_function('answer', function(keys) return redis.call('GET', keys[1]) end)";
    for (const index of [SOURCE, TARGET]) await call(index, 'FUNCTION', 'LOAD', library);
    const [name = ''] = namesIn([600, 609], 'function:', 1);
    await call(SOURCE, 'SET', name, '42');
    expect(await cluster(reshard('600-609'), newStateFolder())).toMatchObject({ code: 0 });
    expect(String(await call(TARGET, 'FCALL', 'answer', '1', name))).toBe('42');
  });
});

describe('beside somebody else', () => {
  it('another run: refused with exit code 4, with --force because of the open slots', async () => {
    const names = namesIn([700, 719], 'busy:', 600);
    await Promise.all(names.map((name) => clients.call(formed.seed, ['SET', name, 'v'])));
    let second: RunResult | null = null;
    let forced: RunResult | null = null;
    const state = newStateFolder();
    const first = await meetRun(
      reshard('700-719', '--throttle 200keys/s --max-pause 1'),
      state,
      { lines: 3 },
      async () => {
        second = await cluster(reshard('720-729'), newStateFolder());
        forced = await cluster(reshard('720-729', '--force'), newStateFolder());
      },
    );
    expect(second).toMatchObject({ code: 4 });
    expect(String((second as RunResult | null)?.stderr)).toMatch(/Another run, \S+, is at work/);
    expect(forced).toMatchObject({ code: 4 });
    expect(String((forced as RunResult | null)?.stderr)).toContain('has slots in migrating state');
    expect(first).toMatchObject({ code: 0 });
    await expectHealthy();
  });

  it('redis-cli at work: refused with exit code 4', async () => {
    // One key after another takes redis-cli some seconds: it has to be at work still when ours has started.
    const names = namesIn([0, 98], 'cli:', 15_000);
    await Promise.all(names.map((name) => clients.call(formed.seed, ['SET', name, 'v'])));
    const ids = ['--cluster-from', formed.primary(SOURCE).id, '--cluster-to', formed.primary(BYSTANDER).id];
    const other = redisCli([
      '--cluster',
      'reshard',
      formed.seed,
      ...ids,
      '--cluster-slots',
      '99',
      '--cluster-pipeline',
      '1',
      '--cluster-yes',
    ]);
    await expect
      .poll(async () => String(await call(SOURCE, 'CLUSTER', 'NODES')), { interval: 2, timeout: 5000 })
      .toContain('->-');
    let hasEnded = false;
    void other.then(() => {
      hasEnded = true;
    });
    const run = await cluster(reshard('2000-2009'), newStateFolder());
    expect(hasEnded).toBe(false);
    await other;
    expect(run).toMatchObject({ code: 4 });
    await expectHealthy();
  });
});

describe('what moves along with slots', () => {
  it('a sharded subscriber is told, and everything else goes on', async () => {
    const channel = namesIn([1000, 1009], 'channel:', 1)[0] ?? '';
    const heard: string[] = [];
    const subscriber = createClient({ RESP: 2, url: `redis://${formed.seed}`, disableClientInfo: true });
    subscriber.on('error', () => undefined);
    subscriber.on('sharded-channel-moved', (name: string) => heard.push(name));
    await subscriber.connect();
    try {
      await subscriber.sSubscribe(channel, () => undefined);
      expect(await cluster(reshard('1000-1009'), newStateFolder())).toMatchObject({ code: 0 });
      await expect.poll(() => heard, { timeout: 5000 }).toEqual([channel]);
      await expectHealthy();
    } finally {
      subscriber.destroy();
    }
  });

  it('an emptied primary becomes a replica, and the output says so', async () => {
    const emptied = formed.primary(SOURCE);
    const line = `reshard ${formed.primary(BYSTANDER).address} --from ${emptied.address} --to ${formed.primary(TARGET).address} --slots all --yes`;
    const run = await cluster(line, newStateFolder());
    expect(run).toMatchObject({ code: 0 });
    expect(`${run.stdout}${run.stderr}`).toMatch(new RegExp(`${emptied.address}.*replica`));
    expect(String(await call(SOURCE, 'ROLE'))).toContain('slave');
    // It loads the target's data now, and refuses redis-cli meanwhile.
    await expect
      .poll(async () => (await redisCli(['--cluster', 'check', formed.seed])).code, { timeout: 10_000 })
      .toBe(0);
  });
});
