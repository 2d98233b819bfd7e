/**
 * `cluster fix` as it is typed: what it shows, asks and refuses, which value stays where two nodes have a key, and that a
 * fix that is killed at any line of its journal is gone on with by typing it again.
 */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { redisCli } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { keySlot, namesIn } from '../support/key-slot.ts';
import { storedIn } from '../support/keys-of-all-kinds.ts';
import { cluster } from '../support/transcript.ts';
import { journalLines, killedRun, newStateFolder, type StateFolder } from '../support/watched-run.ts';

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

function fix(more = ''): string {
  return `fix ${formed.seed} ${more}`;
}

function stored() {
  return storedIn(
    clients,
    formed.primaries.map(({ address }) => address),
  );
}

async function expectHealthy(): Promise<void> {
  const check = await redisCli(['--cluster', 'check', formed.seed]);
  expect(check).toMatchObject({ code: 0 });
  expect(check.stdout).not.toContain('[WARNING]');
}

async function expectNothingToDo(state: StateFolder): Promise<void> {
  const again = await cluster(fix('--yes'), state);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('Nothing to do: every slot is whole.');
}

/** A value at a node that does not own the key's slot; no mark is left. */
async function plant(node: ClusterNode, key: string, value: string): Promise<void> {
  const owner = formed.ownerOf(keySlot(key));
  await formed.call(node, 'CLUSTER', 'SETSLOT', `${keySlot(key)}`, 'IMPORTING', owner.id);
  await clients.call(node.address, ['ASKING'], ['SET', key, value]);
  await formed.call(node, 'CLUSTER', 'SETSLOT', `${keySlot(key)}`, 'STABLE');
}

/** A key of the first shard with one value there and another at the second. */
async function conflict(slot: number): Promise<string> {
  const key = present(namesIn([slot, slot], 'conflict:', 1)[0], 'there is a name for each slot');
  await clients.call(formed.seed, ['SET', key, 'at the owner']);
  await plant(formed.primary(1), key, 'at the stranger');
  return key;
}

async function servedValue(key: string): Promise<string> {
  return String(await clients.call(formed.seed, ['GET', key]));
}

describe('cluster fix', () => {
  it('shows why, changes nothing with --dry-run, and nothing without an answer', async () => {
    await formed.openSlot(7, formed.primary(1));
    const before = await formed.view(formed.primary(0));
    const state = newStateFolder();
    const dry = await cluster(fix('--dry-run'), state);
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toContain('>>> Fixing open slot 7\n');
    expect(dry.stdout).toContain('its owner is migrating it there');
    expect(await cluster(fix(), state)).toMatchObject({ code: 4 });
    expect(await cluster(fix('--json'), state)).toMatchObject({ code: 4 });
    const now = await formed.view(formed.primary(0));
    expect(now.map(({ slots, migrating }) => ({ slots, migrating }))).toEqual(
      before.map(({ slots, migrating }) => ({ slots, migrating })),
    );
    const run = await cluster(fix(), { ...state, input: 'yes\n' });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    expect(run.stdout).toContain('[OK] 1 of 1 slots fixed');
    const again = await cluster(fix(), state);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('[OK] All 16384 slots covered.');
    await expectNothingToDo(state);
    await expectHealthy();
  });

  it("takes redis-cli's own words", async () => {
    await formed.openSlot(8, formed.primary(1), 'importing');
    const words = '--cluster-search-multiple-owners --cluster-fix-with-unreachable-masters --cluster-timeout 1000';
    const run = await cluster(
      `--cluster fix ${formed.seed.replace(':', ' ')} ${words} --cluster-yes`,
      newStateFolder(),
    );
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('[OK] No multiple owners found.');
    await expectHealthy();
  });

  it('leaves both of two values where nobody decides, and says so', async () => {
    const key = await conflict(20);
    const state = newStateFolder();
    const run = await cluster(fix('--yes'), state);
    expect(run).toMatchObject({ code: 1 });
    expect(run.stdout).toContain('[WARNING] 1 key of slot 20 with two values');
    expect(await servedValue(key)).toBe('at the owner');
    const values = (await stored()).filter(({ name }) => name === Buffer.from(key).toString('hex'));
    expect(values).toHaveLength(2);
    expect(await cluster(fix('--yes'), state)).toMatchObject({ code: 1 });
    const piped = await cluster(fix('--yes'), { ...state, input: 'target\n' });
    expect(piped).toMatchObject({ code: 0 });
    expect(await servedValue(key)).toBe('at the owner');
    await expectNothingToDo(state);
    await expectHealthy();
  });

  it.each(['source', 'target'] as const)('keeps the value that loses in a file: --on-conflict %s', async (verdict) => {
    const key = await conflict(verdict === 'source' ? 21 : 22);
    const [winner, loser] =
      verdict === 'source' ? ['at the stranger', 'at the owner'] : ['at the owner', 'at the stranger'];
    const state = newStateFolder();
    const run = await cluster(fix(`--yes --json --on-conflict ${verdict}`), state);
    expect(run).toMatchObject({ code: 0 });
    const { aside, conflicts } = JSON.parse(run.stdout) as { aside: string; conflicts: readonly object[] };
    expect(conflicts).toEqual([expect.objectContaining({ verdict, key: Buffer.from(key).toString('base64') })]);
    expect(run.stderr).toContain(aside);
    expect(statSync(aside).mode & 0o777).toBe(0o600);
    const line = JSON.parse(readFileSync(aside, 'utf8')) as { readonly key: string; readonly dump: string };
    expect(await servedValue(key)).toBe(winner);
    // RESTORE brings the other one back.
    await clients.call(formed.seed, ['DEL', key]);
    await clients.call(formed.seed, [
      'RESTORE',
      Buffer.from(line.key, 'base64'),
      '0',
      Buffer.from(line.dump, 'base64'),
    ]);
    expect(await servedValue(key)).toBe(loser);
    await expectNothingToDo(state);
    await expectHealthy();
  });

  it('covers slots evenly, where their keys are, or where it is told to', async () => {
    const [here = '', there = ''] = namesIn([30, 30], 'cover:', 2);
    await clients.call(formed.seed, ['SET', here, 'v']);
    await plant(formed.primary(1), there, 'v');
    for (const slot of [30, 31, 32, 33]) await formed.unassignSlot(slot);
    const state = newStateFolder();
    const run = await cluster(fix('--yes'), state);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('>>> Fixing slots coverage...');
    expect(run.stdout).toMatch(/>>> Covering slot 31 with /);
    expect(
      (await stored()).filter(({ value }) => value !== 'stray').map(({ name }) => Buffer.from(name, 'hex').toString()),
    ).toEqual(expect.arrayContaining([here, there]));
    await formed.unassignSlot(16000);
    const to = formed.primary(0);
    expect(await cluster(fix(`--yes --cover-to ${to.id.slice(0, 8)}`), state)).toMatchObject({ code: 0 });
    const own = (await formed.view(to)).find(({ id }) => id === to.id);
    expect(own?.slots.some(([first, last]) => first <= 16000 && 16000 <= last)).toBe(true);
    await expectNothingToDo(state);
    await expectHealthy();
  });
});

describe('kill -9 of a fix at every line of its journal', () => {
  /** Half-moved, uncovered with keys at two nodes, and stray, all at once; every key has one value. */
  async function makeWorse(): Promise<readonly string[]> {
    const [source, target] = [formed.primary(0), formed.primary(1)];
    const names = namesIn([100, 103], 'worse:', 400);
    for (const name of names) await clients.call(source.address, ['SET', name, `value of ${name}`]);
    for (const slot of [100, 101]) await formed.openSlot(slot, target);
    const moving = names.filter((name, index) => [100, 101].includes(keySlot(name)) && index % 2 === 0);
    for (const name of moving) {
      const options = keySlot(name) === 101 ? ['COPY'] : [];
      await clients.call(source.address, [
        'MIGRATE',
        target.host,
        `${target.port}`,
        '',
        '0',
        '1000',
        ...options,
        'KEYS',
        name,
      ]);
    }
    for (const name of names.filter((each, index) => [102, 103].includes(keySlot(each)) && index % 2 === 0)) {
      await clients.call(source.address, ['DEL', name]);
      await plant(target, name, `value of ${name}`);
    }
    await formed.unassignSlot(103);
    return names.map((name) => Buffer.from(name).toString('hex'));
  }

  async function goBack(state: StateFolder): Promise<void> {
    const moved = await cluster(
      `reshard ${formed.seed} --ranges 100-103 --to ${formed.primary(0).address} --yes`,
      state,
    );
    expect(moved.code === 0 || moved.code === 4).toBe(true);
    for (const { name } of await stored())
      await clients.call(formed.seed, ['DEL', Buffer.from(name, 'hex')]).catch(() => undefined);
  }

  it('typed again it ends the same way, and no key is lost', { timeout: 300_000 }, async () => {
    // As many as the journal of the second, undisturbed fix has; at the first one it is not known yet.
    for (let line = 1, lines = 1; line <= lines; line++) {
      const names = await makeWorse();
      const state = newStateFolder();
      await killedRun(fix('--yes'), state, { lines: line });
      const run = await cluster(fix('--yes'), state);
      expect(run, `killed at line ${line}`).toMatchObject({ code: 0 });
      lines = Math.max(lines, journalLines(state).length);
      const after = await stored();
      const told = after.map(({ name }) => name).filter((name) => names.includes(name));
      expect(told).toEqual([...names].sort());
      expect(after.filter(({ value }) => value === 'stray')).toEqual([]);
      await expectNothingToDo(state);
      await expectHealthy();
      await goBack(state);
    }
  });
});
