/**
 * `cluster fix` on slots that nobody serves, that two primaries claim, or whose only primary does not answer. Where
 * they have keys they go to the keys; else they are spread evenly, and the same way each time.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countSlots } from '../../src/lib/model/slot-set.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { expectBroken, expectContent, expectKeys, expectOwner, expectWhole, fixes } from '../support/fix-run.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { openScene, openScenes, type Scene } from '../support/half-migrated.ts';
import { statesOf, withoutChange } from '../support/node-states.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const FLAVORS: readonly ServerFlavor[] = ['default', 'valkey-9.1'];
const UNCOVERED = /\[ERR\] Not all 16384 slots are covered by nodes\./;

describe.each(FLAVORS)('uncovered slots on the server %s', (flavor) => {
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

    async function uncover(range: readonly [number, number]): Promise<void> {
      for (let slot = range[0]; slot <= range[1]; slot++) await formed.unassignSlot(slot);
    }

    /** How many slots each primary has, in the order of the primaries. */
    async function shares(): Promise<readonly number[]> {
      const entries = await formed.view(formed.primary(0));
      return formed.primaries.map(({ id }) => countSlots(entries.find((entry) => entry.id === id)?.slots ?? []));
    }

    it('without keys: spread evenly, as the dry run said', async () => {
      const range = [100, 109] as const;
      const [scene] = (await openScenes(formed, clients, range, { keys: 0 })) as [Scene];
      await uncover(range);
      await expectBroken(formed, UNCOVERED, { flavor });
      const looks = [];
      for (let look = 0; look < 2; look++) looks.push((await cluster(`fix ${formed.seed} --dry-run`)).stdout);
      expect(looks[1]).toBe(looks[0]);
      const { stdout } = await fixes(formed, { flavor, run: newStateFolder() });
      expect(stdout).toContain('>>> Fixing slots coverage...');
      expect(stdout).toMatch(/>>> Covering slot/);
      const counts = await shares();
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      await expectWhole(scene, { flavor });
    });

    it('without keys: to the node that --cover-to names', async () => {
      const range = [200, 204] as const;
      const [, , before = 0] = await shares();
      const [scene] = (await openScenes(formed, clients, range, { keys: 0 })) as [Scene];
      await uncover(range);
      await fixes(formed, { flavor, words: `--cover-to ${formed.primary(2).id}`, run: newStateFolder() });
      expect((await shares())[2]).toBe(before + 5);
      await expectWhole(scene, { flavor });
    });

    it('with keys at their last owner', async () => {
      const scene = await openScene(formed, clients, 300);
      await formed.unassignSlot(300);
      await expectBroken(formed, UNCOVERED, { flavor });
      await fixes(formed, { flavor, run: newStateFolder() });
      await expectWhole(scene, { flavor });
      await expectOwner(scene, scene.source);
    });

    it('with keys at another node only', async () => {
      const scene = await openScene(formed, clients, 310);
      await scene.open();
      await scene.moveAll(scene.target);
      await scene.stable(scene.source, scene.target);
      await formed.unassignSlot(310);
      await fixes(formed, { flavor, run: newStateFolder() });
      await expectWhole(scene, { flavor });
      await expectOwner(scene, scene.target);
    });

    it('with keys at several nodes, some of them the same', async () => {
      const scene = await openScene(formed, clients, 320);
      await scene.importing(scene.third, scene.source);
      await scene.open();
      await scene.copy((await scene.namesAt(scene.source)).slice(0, 4), scene.third);
      await scene.moveHalf(scene.target);
      await scene.stable(scene.source, scene.target, scene.third);
      await formed.unassignSlot(320);
      await expectBroken(formed, UNCOVERED, { flavor });
      await fixes(formed, { flavor, run: newStateFolder() });
      await expectWhole(scene, { flavor });
    });

    it('with keys at several nodes, and the marks of a move still there', async () => {
      const scene = await openScene(formed, clients, 330);
      await scene.open();
      await scene.moveHalf(scene.target);
      await formed.unassignSlot(330);
      await fixes(formed, { flavor, run: newStateFolder() });
      await expectWhole(scene, { flavor });
    });

    it('is refused where nobody consents, and goes on with a piped yes', async () => {
      const scene = await openScene(formed, clients, 340);
      await formed.unassignSlot(340);
      const line = `fix ${formed.seed}`;
      expect(await withoutChange(formed.nodes, () => cluster(line))).toMatchObject({ code: 4 });
      expect(await withoutChange(formed.nodes, () => cluster(line, { input: 'no\n' }))).toMatchObject({ code: 4 });
      expect(await withoutChange(formed.nodes, () => cluster(`${line} --json`))).toMatchObject({ code: 4 });
      expect(await cluster(line, { ...newStateFolder(), input: 'yes\n' })).toMatchObject({ code: 0 });
      await expectWhole(scene, { flavor });
    });
  });
});

describe('a slot that two primaries claim', () => {
  /**
   * The second one has forgotten the first, and so hears nothing of its claim for a minute. The first has the higher
   * epoch: all others believe it. What the second one has would be DELETED as soon as it hears of the first.
   */
  it('goes to the one that the others believe, with the keys of both', async ({ skip }) => {
    const formed = await formCluster({ shards: 3 });
    const clients = new ByteClients();
    try {
      if (await formed.spreadsForgetting()) skip('who forgets makes the others forget too');
      const scene = await openScene(formed, clients, 100);
      await formed.call(scene.source, 'CLUSTER', 'BUMPEPOCH');
      await scene.open();
      await scene.moveHalf(scene.target);
      await scene.stable(scene.source, scene.target);
      await formed.forget(scene.source, [scene.target]);
      await formed.call(scene.target, 'CLUSTER', 'ADDSLOTS', '100');
      const living = [scene.third, scene.source, scene.target];
      await expectBroken(formed, /Nodes don't agree about configuration/, { flavor: 'default', living });
      const run = await cluster(`fix ${scene.third.address} --yes`, newStateFolder());
      expect(run.code).toBe(0);
      await expectOwner(scene, scene.source);
      await expectWhole(scene, { flavor: 'default', living });
    } finally {
      clients.close();
      await formed.stop();
    }
  });
});

describe('a primary without replica that does not answer', () => {
  async function withDeadPrimary(work: (scene: Scene, living: readonly ClusterNode[]) => Promise<void>): Promise<void> {
    const formed = await formCluster({ shards: 3 });
    const clients = new ByteClients();
    try {
      const scene = await openScene(formed, clients, 100);
      const dead = formed.primary(2);
      await formed.kill(dead);
      await formed.untilFlagged(dead, 'fail');
      await work(scene, [formed.primary(0), formed.primary(1)]);
    } finally {
      clients.close();
      await formed.stop();
    }
  }

  it('is guarded: its slots are taken from it only with both words', async () => {
    await withDeadPrimary(async (scene, living) => {
      const { formed } = scene;
      const dead = formed.primary(2);
      for (const words of ['', '--accept-data-loss', '--with-unreachable-primaries']) {
        const line = `fix ${formed.seed} --yes ${words}`;
        const run = await withoutChange(living, () => cluster(line, newStateFolder()));
        expect(run).toMatchObject({ code: 4 });
        expect(`${run.stdout}${run.stderr}`).toMatch(
          new RegExp(`keys .*${dead.address}.* lost|${dead.address}.* keys .*lost`),
        );
      }
      const words = '--cluster-fix-with-unreachable-masters --accept-data-loss';
      await fixes(formed, { flavor: 'default', words, run: newStateFolder(), living });
      await expectContent(formed, { flavor: 'default', living });
      await expectKeys(scene, { flavor: 'default', living });
      const assigned = (await statesOf(living)).map(({ clusterInfo }) => clusterInfo['cluster_slots_assigned']);
      expect(assigned).toEqual(['16384', '16384']);
    });
  });

  it('does not keep a slot open between two others, once it is said', async () => {
    await withDeadPrimary(async (scene, living) => {
      await scene.open();
      const line = `fix ${scene.formed.seed} --yes`;
      expect(await withoutChange(living, () => cluster(line))).toMatchObject({ code: 4 });
      const words = '--with-unreachable-primaries --accept-data-loss';
      await fixes(scene.formed, { flavor: 'default', words, run: newStateFolder(), living });
      await expectOwner(scene, scene.target, living);
      await expectContent(scene.formed, { flavor: 'default', living });
    });
  });
});
