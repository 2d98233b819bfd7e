/**
 * `cluster fix` beside migrations that Valkey 9 and Redis 8.6 do by themselves, and with marks that Valkey's replicas have
 * as well. Such a migration is nothing broken: it is waited for, left alone or cancelled, as the operator says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { expectBroken, expectOwner, expectWhole, fixes } from '../support/fix-run.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { addressesOf, openScene, Scene } from '../support/half-migrated.ts';
import { putAllKinds, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

interface Dialect {
  readonly flavor: ServerFlavor;
  /** To the source in Valkey, to the target in Redis. */
  readonly asked: 'source' | 'target';
  readonly begin: (first: number, last: number, target: ClusterNode) => readonly string[];
  readonly list: readonly string[];
  /** What the one that is asked calls it while keys are on their way, and after it was cancelled. */
  readonly underWay: string;
  readonly cancelled: string;
}

const DIALECTS: readonly Dialect[] = [
  {
    flavor: 'valkey-9.1',
    asked: 'source',
    begin: (first, last, { id }) => ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', `${first}`, `${last}`, 'NODE', id],
    list: ['CLUSTER', 'GETSLOTMIGRATIONS'],
    underWay: 'snapshotting',
    cancelled: 'cancelled',
  },
  {
    flavor: 'redis-8.6',
    asked: 'target',
    begin: (first, last) => ['CLUSTER', 'MIGRATION', 'IMPORT', `${first}`, `${last}`],
    list: ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'],
    underWay: 'accumulate-buffer',
    cancelled: 'canceled',
  },
];
/** The time that the server waits after each key of its snapshot, in microseconds: a migration takes some seconds so. */
const SNAPSHOT_DELAY = '20000';
const KEYS = 160;
const WIDTH = 20;

describe.each(DIALECTS)('cluster fix beside a migration inside the server $flavor', (dialect) => {
  const { flavor } = dialect;
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
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
      const scene = new Scene(formed, clients, first, source, target, before);
      await formed.call(scene[dialect.asked], ...dialect.begin(first, last, target));
      await eventually(async () => expect(await migrationsOf(scene)).toContain(dialect.underWay), {
        what: 'the migration is under way',
      });
      return scene;
    }

    async function migrationsOf(scene: Scene): Promise<string> {
      const reply = await clients.call(scene[dialect.asked].address, dialect.list);
      return Buffer.concat((reply as readonly (readonly Buffer[])[]).flat().filter(Buffer.isBuffer)).toString();
    }

    /** Nodes that take part in one refuse every SETSLOT (Valkey) or the one of its slots (Redis). Another slot, of the third primary, was left half-way to the second one. */
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
      expect(await migrationsOf(moving)).toContain(dialect.cancelled);
      await expectWhole(open, { flavor });
    });

    // Replicas of Redis have no marks of their own.
    if (flavor === 'valkey-9.1')
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
        for (const node of formed.nodes)
          expect(String(await formed.call(node, 'CLUSTER', 'NODES'))).not.toMatch(/->-|-<-/);
      });
  });
});
