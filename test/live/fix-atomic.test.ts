/**
 * `cluster fix` beside migrations that Valkey 9 does by itself, and with marks that its replicas have as well. Such a
 * migration is nothing broken: it is waited for, left alone or cancelled, as the operator says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { expectBroken, expectOwner, expectWhole, fixes } from '../support/fix-run.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { addressesOf, openScene, Scene } from '../support/half-migrated.ts';
import { putAllKinds, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const flavor = 'valkey-9.1';
/** The time that the server waits after each key of its snapshot, in microseconds: a migration takes some seconds so. */
const SNAPSHOT_DELAY = '20000';
const KEYS = 160;
const WIDTH = 20;

describe.runIf(findServer(flavor) !== null)('cluster fix beside a migration inside Valkey 9', () => {
  let formed: FormedCluster;
  let clients: ByteClients;
  let next = 100;

  beforeAll(async () => {
    formed = await formCluster({ shards: 4, replicas: 1, flavor });
    clients = new ByteClients();
    for (const node of formed.nodes) await formed.call(node, 'CONFIG', 'SET', 'rdb-key-save-delay', SNAPSHOT_DELAY);
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });

  /** The first primary is sending slots to the second one; the first of them as a scene. */
  async function running(): Promise<Scene> {
    const [source, target] = [formed.primary(0), formed.primary(1)];
    const [first, last] = [next, next + WIDTH - 1];
    next += WIDTH;
    await putAllKinds(clients, source.address, [first, last], KEYS);
    const before = await storedIn(clients, addressesOf(formed));
    await formed.call(source, 'CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', `${first}`, `${last}`, 'NODE', target.id);
    await eventually(async () => expect(await migrationsOf(source.address)).toContain('snapshotting'), {
      what: 'the migration is under way',
    });
    return new Scene(formed, clients, first, source, target, before);
  }

  async function migrationsOf(address: string): Promise<string> {
    const reply = await clients.call(address, ['CLUSTER', 'GETSLOTMIGRATIONS']);
    return Buffer.concat((reply as readonly (readonly Buffer[])[]).flat().filter(Buffer.isBuffer)).toString();
  }

  /** Nodes that take part in one refuse every SETSLOT. Another slot, of the third primary, was left half-way to the second one. */
  async function runningBesideOpen(): Promise<{ readonly moving: Scene; readonly open: Scene }> {
    const slot = 9000 + next;
    const third = await openScene(formed, clients, slot, { target: formed.primary(3) });
    const moving = await running();
    await third.open();
    await third.moveHalf(third.target);
    return { moving, open: new Scene(formed, clients, slot, third.source, third.target, moving.before) };
  }

  it('nothing is broken: it waits, and there is nothing to do', async () => {
    const scene = await running();
    const run = await cluster(`fix ${formed.seed} --yes`, newStateFolder());
    expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/nothing to (do|fix)/i) });
    await expectOwner(scene, scene.target);
    await expectWhole(scene, { flavor });
  });

  it('waits for it, and fixes what is open', async () => {
    const { moving, open } = await runningBesideOpen();
    expect(await cluster(`fix ${formed.seed} --yes`, newStateFolder())).toMatchObject({ code: 0 });
    await expectOwner(moving, moving.target);
    await expectOwner(open, open.target);
    await expectWhole(open, { flavor });
  });

  it('leaves it alone, and fixes what is open', async () => {
    const { moving, open } = await runningBesideOpen();
    const run = await cluster(`fix ${formed.seed} --yes --on-migration leave`, newStateFolder());
    expect(run).toMatchObject({ code: 0 });
    await expectOwner(open, open.target);
    await eventually(() => expectOwner(moving, moving.target), { what: 'the servers have moved the slots' });
    await expectWhole(open, { flavor });
  });

  it('cancels it, and fixes what is open', async () => {
    const { moving, open } = await runningBesideOpen();
    const run = await cluster(`fix ${formed.seed} --yes --on-migration cancel`, newStateFolder());
    expect(run).toMatchObject({ code: 0 });
    await expectOwner(moving, moving.source);
    await expectOwner(open, open.target);
    expect(await migrationsOf(moving.source.address)).toContain('cancelled');
    await expectWhole(open, { flavor });
  });

  it('takes the marks off the replicas as well', async () => {
    const slot = next;
    next += 1;
    const scene = await openScene(formed, clients, slot);
    await scene.open();
    await scene.moveHalf(scene.target);
    const replica = formed.replicas.find((each) => formed.primaryOf(each) === scene.source)?.address ?? '';
    await expectBroken(formed, new RegExp(`Node ${replica} has slots in migrating state ${slot}\\.`), { flavor });
    await fixes(formed, { flavor, run: newStateFolder() });
    await expectWhole(scene, { flavor });
    for (const node of formed.nodes) expect(String(await formed.call(node, 'CLUSTER', 'NODES'))).not.toMatch(/->-|-<-/);
  });
});
