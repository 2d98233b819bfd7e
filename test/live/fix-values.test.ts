/**
 * `cluster fix` where a key has different values on the two sides of a move that was interrupted. Nobody can see which
 * is newer, so neither is overwritten without the explicit word; and then the loser is kept aside in a file.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { asideKeys } from '../support/aside-file.ts';
import { ByteClients, type Bytes } from '../support/byte-clients.ts';
import { home, type RunResult } from '../support/executables.ts';
import { expectContent, expectOwner } from '../support/fix-run.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { binaryKeyIn, openScene, type Scene } from '../support/half-migrated.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const execute = promisify(execFile);

let formed: FormedCluster;
let clients: ByteClients;
let slot = 3000;

beforeAll(async () => {
  formed = await formCluster({ shards: 3 });
  clients = new ByteClients();
});
afterAll(async () => {
  clients?.close();
  await formed?.stop();
});

type Side = 'source' | 'target';
type Write = (key: Buffer) => readonly Bytes[];

interface Conflict {
  readonly scene: Scene;
  readonly key: Buffer;
  /** What each side has, as DUMP gives it. */
  readonly values: Readonly<Record<Side, Buffer>>;
}

const OLDER: Write = (key) => ['SET', key, 'older'];
const NEWER: Write = (key) => ['SET', key, 'newer'];

/** Both marks, some keys moved, and one key that was copied, and then written again on one side. */
async function conflict(newer: Side, older = OLDER, again = NEWER): Promise<Conflict> {
  slot += 1;
  const scene = await openScene(formed, clients, slot, { keys: 8 });
  const moved = (await scene.namesAt(scene.source)).slice(0, 4);
  const key = binaryKeyIn(slot);
  await clients.call(scene.source.address, older(key));
  await scene.open();
  await scene.move(moved, scene.target);
  await scene.copy([key], scene.target);
  await scene.asking(scene[newer], ...again(key));
  return { scene, key, values: await valuesOf(scene, key) };
}

async function valuesOf(scene: Scene, key: Buffer): Promise<Readonly<Record<Side, Buffer>>> {
  const at = async (side: Side): Promise<Buffer> =>
    present(await scene.dumpAt(scene[side], key), `${side} has the key`);
  return { source: await at('source'), target: await at('target') };
}

function fix(words: string, options = newStateFolder()): Promise<RunResult> {
  return cluster(`fix ${formed.seed} --yes ${words}`, options);
}

/** It says so, leaves both values where they are, and fails. */
async function expectLeft(run: RunResult, { scene, key, values }: Conflict): Promise<void> {
  expect(run.code).toBeOneOf([1, 5]);
  expect(`${run.stdout}${run.stderr}`).toContain('--on-conflict');
  expect(await valuesOf(scene, key)).toEqual(values);
}

/** The value of this side is the only one, the other one is aside, and the slot is whole. */
async function expectWon(side: Side, { scene, key, values }: Conflict): Promise<void> {
  await expectContent(formed, { flavor: 'default' });
  await expectOwner(scene, scene.target);
  expect(await clients.call(scene.target.address, ['DUMP', key])).toEqual(values[side]);
}

const OTHER: Readonly<Record<Side, Side>> = { source: 'target', target: 'source' };

describe('a key that has two values', () => {
  it.each(['source', 'target'] as const)(
    'the newer one at the %s: left alone, until a side is named',
    async (newer) => {
      const found = await conflict(newer);
      await expectLeft(await fix(''), found);
      await expectLeft(await fix('--on-conflict skip'), found);
      await expectLeft(await fix('--accept-data-loss'), found);
      const state = newStateFolder();
      const run = await fix(`--on-conflict ${newer}`, state);
      expect(run).toMatchObject({ code: 0 });
      await expectWon(newer, found);
      const aside = asideKeys(run, state);
      expect(aside).toMatchObject([
        { key: found.key, dump: found.values[OTHER[newer]], slot: found.scene.slot, database: 0 },
      ]);
    },
  );

  it.each(['source', 'target'] as const)('the older one wins only when it is named: %s', async (older) => {
    const found = await conflict(OTHER[older]);
    const state = newStateFolder();
    const run = await fix(`--on-conflict ${older}`, state);
    expect(run).toMatchObject({ code: 0 });
    await expectWon(older, found);
    expect(asideKeys(run, state)).toMatchObject([{ key: found.key, dump: found.values[OTHER[older]] }]);
  });

  it.each([
    ['of different types', (key: Buffer) => ['RPUSH', key, 'a'], NEWER],
    ['a list that has grown', (key: Buffer) => ['RPUSH', key, 'a'], (key: Buffer) => ['RPUSH', key, 'b']],
    ['a hash with another field', (key: Buffer) => ['HSET', key, 'a', '1'], (key: Buffer) => ['HSET', key, 'a', '2']],
    [
      'a stream with an entry more',
      (key: Buffer) => ['XGROUP', 'CREATE', key, 'group', '0', 'MKSTREAM'],
      (key: Buffer) => ['XADD', key, '1-1', 'a', '1'],
    ],
  ] as const)('%s', async (_, older, again) => {
    const found = await conflict('target', older, again);
    await expectLeft(await fix(''), found);
    const state = newStateFolder();
    const run = await fix('--on-conflict target', state);
    expect(run).toMatchObject({ code: 0 });
    await expectWon('target', found);
    expect(asideKeys(run, state)).toMatchObject([{ key: found.key, dump: found.values.source }]);
  });

  it('with the same value, but an hour less to live on one side', async () => {
    const found = await conflict(
      'target',
      (key) => ['SET', key, 'v', 'EX', '7200'],
      (key) => ['EXPIRE', key, '3600'],
    );
    await expectLeft(await fix(''), found);
    expect(await fix('--on-conflict target')).toMatchObject({ code: 0 });
    await expectWon('target', found);
    const left = Number(await clients.call(found.scene.target.address, ['TTL', found.key]));
    expect(left).toBeGreaterThan(3500);
    expect(left).toBeLessThanOrEqual(3600);
  });

  it('with the same value, later to expire where no client sees it, is no conflict: a target that paused makes such copies', async () => {
    const { scene, key } = await conflict(
      'target',
      (name) => ['SET', name, 'v', 'EX', '3600'],
      (name) => ['EXPIRE', name, '7200'],
    );
    expect(await fix('')).toMatchObject({ code: 0 });
    await expectOwner(scene, scene.target);
    expect(Number(await clients.call(scene.target.address, ['TTL', key]))).toBeLessThanOrEqual(3600);
  });

  it('is the only one that is left: other slots, and the other keys of the slot, are settled', async () => {
    const found = await conflict('source');
    slot += 1;
    const other = await openScene(formed, clients, slot, { keys: 8 });
    await other.open();
    await other.moveHalf(other.target);
    await expectLeft(await fix(''), found);
    await expectOwner(other, other.target);
    expect(await fix('--on-conflict source')).toMatchObject({ code: 0 });
    await expectWon('source', found);
  });

  it('in a slot that is gathered for its owner: left alone, until a side is named', async () => {
    const found = await conflict('source');
    await found.scene.stable(found.scene.source);
    await expectLeft(await fix(''), found);
    const state = newStateFolder();
    const run = await fix('--on-conflict source', state);
    expect(run).toMatchObject({ code: 0 });
    await expectContent(formed, { flavor: 'default' });
    const [aside] = asideKeys(run, state);
    const { address } = found.scene.source;
    const left = await clients.call(address, ['DUMP', found.key]);
    // Which of the two is called the source is the plan's business; that both are still there is not.
    expect([left, aside?.dump].map(String).sort()).toEqual(Object.values(found.values).map(String).sort());
  });
});

describe('the file of values that lost', () => {
  it('that cannot be written whole keeps the value where it is', async () => {
    // Nothing that is compressed: far more than the file may hold, as the journal does not.
    const large = randomBytes(200_000);
    const found = await conflict('target', (key) => ['SET', key, large], OLDER);
    const state = newStateFolder();
    // Blocks of 512 or 1024 bytes, by the shell. Like a full disk it takes a part first, and refuses the rest.
    const words = [`ulimit -f 64; exec "$0" "$@"`, process.execPath, path.resolve('bin/run.js')];
    const line = ['fix', formed.seed, '--yes', '--on-conflict', 'target'];
    const failed = await execute('sh', ['-c', ...words, ...line], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, ...state.env },
    }).catch((failure: { readonly code: number; readonly stderr: string }) => failure);
    expect(failed).toMatchObject({ code: 5, stderr: expect.stringContaining('cannot be kept aside') });
    expect(await valuesOf(found.scene, found.key)).toEqual(found.values);
    expect(await fix('--on-conflict target')).toMatchObject({ code: 0 });
    await expectWon('target', found);
  });
});

describe('--on-conflict ask', () => {
  it('takes an answer that is piped in', async () => {
    const found = await conflict('source');
    const run = await fix('--on-conflict ask', { ...newStateFolder(), input: 'source\n' });
    expect(run).toMatchObject({ code: 0 });
    await expectWon('source', found);
  });

  it.each([
    ['skip', 'skip\n'],
    ['nothing', ''],
    ['no answer', 'perhaps\n'],
  ])('%s: left alone', async (_, input) => {
    const found = await conflict('target');
    await expectLeft(await fix('--on-conflict ask', { ...newStateFolder(), input }), found);
    expect(await fix('--on-conflict target')).toMatchObject({ code: 0 });
    await expectWon('target', found);
  });
});
