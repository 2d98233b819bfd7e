/**
 * `cluster fix` on every state that an interrupted key-wise move can leave a slot in. One cluster goes through all of
 * them, because each is whole again afterwards: redis-cli's own check is content, every key is there once with its
 * value, and there is nothing left to do. A server that is not there is not tested.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { expectBroken, expectContent, expectOwner, expectWhole, fixes } from '../support/fix-run.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { addressesOf, openScene, openScenes, type Scene } from '../support/half-migrated.ts';
import { HALF_MIGRATED } from '../support/half-migrated-states.ts';
import { expectSameKeys, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const FLAVORS: readonly ServerFlavor[] = ['default', 'valkey-9.1'];
const FIRST_SLOT = 100;

describe.each(FLAVORS)('cluster fix on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;
    let clients: ByteClients;

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, flavor });
      clients = new ByteClients();
    });
    afterAll(async () => {
      clients?.close();
      await formed?.stop();
    });

    const lasting = HALF_MIGRATED.filter(({ heals }) => heals === undefined || !flavor.startsWith(heals));
    const slots = new Map(lasting.map((state, index) => [state, FIRST_SLOT + index]));

    // One by one with one server: each takes several processes. All of them at once with every server, below.
    it.each(flavor === 'default' ? lasting : [])('$name', async (state) => {
      const { name, make, end, isOpen = true } = state;
      const scene = await openScene(formed, clients, slots.get(state) ?? FIRST_SLOT);
      await make(scene);
      const says = isOpen ? `The following slots are open: ${scene.slot}\\.` : `Slot ${scene.slot} has \\d owners`;
      const words = isOpen ? '' : '--cluster-search-multiple-owners';
      await expectBroken(formed, new RegExp(says), { flavor, words });
      const { stdout } = await fixes(formed, { flavor, words, run: newStateFolder() });
      if (isOpen) expect(stdout, name).toContain(`>>> Fixing open slot ${scene.slot}`);
      await expectWhole(scene, { flavor });
      if (end !== 'either') await expectOwner(scene, end === 'source' ? scene.source : scene.target);
    });

    it('several slots in different states at once', async () => {
      const scenes = await openScenes(formed, clients, [1000, 1000 + lasting.length - 1], { keys: 160 });
      for (const [index, { make }] of lasting.entries()) await make(scenes[index] as Scene);
      const words = '--search-multiple-owners';
      await fixes(formed, { flavor, words, run: newStateFolder() });
      await expectWhole(scenes[0] as Scene, { flavor });
    });

    it.each([
      { name: 'some keys moved', written: [2000, 2019], isMigrating: true },
      { name: 'importing without migrating, some keys moved', written: [2100, 2119], isMigrating: false },
    ] as const)('under a writer, $name: nothing that was acknowledged is lost', async ({ written, isMigrating }) => {
      const scenes = await openScenes(formed, clients, written, { keys: 160 });
      for (const scene of scenes) {
        await scene.open();
        await scene.moveHalf(scene.target);
        if (!isMigrating) await scene.stable(scene.source);
      }
      const writer = new AcknowledgedWriter(addressesOf(formed), { range: written });
      await expect.poll(() => writer.acknowledged, { timeout: 10_000 }).toBeGreaterThan(50);
      const run = await cluster(`fix ${formed.seed} --yes`, newStateFolder());
      const during = writer.acknowledged;
      await expect.poll(() => writer.acknowledged, { timeout: 10_000 }).toBeGreaterThan(during + 50);
      expect(run).toMatchObject({ code: 0 });
      expect(await writer.stop()).toMatchObject({ lost: [] });
      await expectContent(formed, { flavor });
      const before = (scenes[0] as Scene).before;
      const names = new Set(before.map(({ name }) => name));
      const after = await storedIn(clients, addressesOf(formed));
      expectSameKeys(
        after.filter(({ name }) => names.has(name)),
        before,
      );
      expect(new Set(after.map(({ name }) => name)).size).toBe(after.length);
    });
  });
});
