/** Ctrl-C in a `cluster reshard`: once, and what is open is closed; twice, and it ends at once. Both are gone on with. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, newStateFolder } from '../support/watched-run.ts';

/** More slots than are open at one time, and the first of them hold the keys. */
const RANGES = '100-1299';
const KEYS_RANGE = [100, 139] as const;
const KEYS = 320;

let formed: FormedCluster;
let clients: ByteClients;
let before: readonly StoredKey[];
let addresses: readonly string[];

beforeAll(async () => {
  formed = await formCluster({ shards: 3 });
  clients = new ByteClients();
  addresses = formed.nodes.map(({ address }) => address);
  await putAllKinds(clients, formed.seed, KEYS_RANGE, KEYS);
  before = await storedIn(clients, addresses);
});
afterAll(async () => {
  clients?.close();
  await formed?.stop();
});

function reshard(): string {
  const to = formed.primary(1).address;
  return `reshard ${formed.seed} --ranges ${RANGES} --to ${to} --throttle 300keys/s --max-pause 1 --yes`;
}

async function openSlots(): Promise<number> {
  const views = await Promise.all(formed.nodes.map((node) => formed.view(node)));
  return views.flat().flatMap(({ migrating, importing }) => [...migrating, ...importing]).length;
}

async function expectAllAt(index: number): Promise<void> {
  const stored = await storedIn(clients, addresses);
  expectSameKeys(stored, before);
  expect(new Set(stored.map(({ address }) => address))).toEqual(new Set([formed.primary(index).address]));
  expect(await openSlots()).toBe(0);
  expect(await redisCli(['--cluster', 'check', formed.seed])).toMatchObject({ code: 0 });
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s once: nothing is open, and it can be gone on with or taken back',
  async (signal) => {
    const state = newStateFolder();
    const run = await killedRun(reshard(), state, { lines: 3, afterMs: 200 }, signal);
    expect(run).toMatchObject({ code: 130 });
    expect(run.stderr).toContain('Stopping in good order. Press Ctrl-C again to stop at once.');
    expect(run.stderr).toMatch(/\d+ of 1200 slots are moved; no slot is open\./);
    expect(run.stderr).toMatch(/Go on with: cluster resume \S+\n {2}Go back with: cluster undo \S+/);
    expect(await openSlots()).toBe(0);
    expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
    await expectAllAt(1);
    expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
    await expectAllAt(0);
  },
);

it('twice: it ends at once, and can be gone on with', async () => {
  const state = newStateFolder();
  // Signals that come together are one: the second is sent when the first was answered.
  const again = { ...state, interruptions: [{ signal: 'SIGINT', when: /Stopping in good order/ }] } as const;
  const run = await killedRun(reshard(), again, { lines: 3, afterMs: 200 }, 'SIGINT');
  expect(run).toMatchObject({ code: 130 });
  expect(run.durationMs).toBeLessThan(5000);
  expect(run.stderr).toContain('Stopped at once. What was begun is left as it is.');
  expect(await openSlots()).toBeGreaterThan(0);
  const history = await cluster('history', state);
  expect(history.stdout).toContain('interrupted');
  expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
  await expectAllAt(0);
});

it('under a writer that counts as well: nothing that was acknowledged is lost', async () => {
  const writer = new AcknowledgedWriter(addresses, { range: KEYS_RANGE });
  const state = newStateFolder();
  expect(await killedRun(reshard(), state, { lines: 3, afterMs: 300 }, 'SIGINT')).toMatchObject({ code: 130 });
  expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
  expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
  const report = await writer.stop();
  expect(report).toMatchObject({ lost: [] });
  expect(report.acknowledged).toBeGreaterThan(100);
});
