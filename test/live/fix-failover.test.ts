/**
 * `cluster fix` after a primary was lost in the middle of a move, and its replica has taken over: without the mark that
 * the lost one had, and while the other side still names the lost one.
 */
import { describe, expect, it } from 'vitest';
import { hasFlag } from '../../src/lib/model/node.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { expectBroken, expectContent, expectKeys, fixes } from '../support/fix-run.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { openScene, type Scene } from '../support/half-migrated.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { newStateFolder } from '../support/watched-run.ts';

const FLAVORS: readonly ServerFlavor[] = ['default', 'valkey-9.1'];
const SLOT = 100;
const REPLICATION_MS = '5000';

describe.each(FLAVORS)('a failover in the middle of a move on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    it.each([
      ['source', 'no', 'its heir', (scene: Scene) => scene.open()],
      ['source', 'some', 'the target', (scene: Scene) => openHalf(scene)],
      ['target', 'some', 'its heir', (scene: Scene) => openHalf(scene)],
      ['target', 'all', 'the source', (scene: Scene) => openAll(scene)],
    ] as const)('of the %s, %s keys moved; asked by way of %s', async (role, _, asked, make) => {
      await withScene(flavor, async (scene) => {
        const { formed } = scene;
        const victim = scene[role];
        await make(scene);
        await replicated(scene);
        await formed.kill(victim);
        const heir = replicaOf(formed, victim);
        const seed = asked === 'its heir' ? heir : scene[role === 'source' ? 'target' : 'source'];
        const living = [seed, ...formed.nodes.filter((node) => node !== victim && node !== seed)];
        await untilTakenOver(formed, heir, victim, living);
        await expectBroken(formed, /The following slots are open: 100\./, { flavor, living });
        await fixes(formed, { flavor, run: newStateFolder(), living });
        await expectContent(formed, { flavor, living });
        await expectKeys(scene, { flavor, living });
      });
    });

    it.each(['source', 'target'] as const)('of the %s, which is its replica by now', async (role) => {
      await withScene(flavor, async (scene) => {
        const { formed } = scene;
        await openHalf(scene);
        await replicated(scene);
        const heir = replicaOf(formed, scene[role]);
        await formed.call(heir, 'CLUSTER', 'FAILOVER');
        await untilTakenOver(formed, heir, scene[role], formed.nodes);
        await expectBroken(formed, /The following slots are open: 100\./, { flavor });
        await fixes(formed, { flavor, run: newStateFolder() });
        await expectContent(formed, { flavor });
        await expectKeys(scene, { flavor });
      });
    });
  });
});

async function withScene(flavor: ServerFlavor, work: (scene: Scene) => Promise<void>): Promise<void> {
  const formed = await formCluster({ shards: 3, replicas: 1, flavor });
  const clients = new ByteClients();
  try {
    await openScene(formed, clients, SLOT);
    await replicateWhole(clients, formed.ownerOf(SLOT));
    await work(await openScene(formed, clients, SLOT, { keys: 0 }));
  } finally {
    clients.close();
    await formed.stop();
  }
}

/**
 * Replicas of Redis 7.0 do not get what a group of a stream has read (XINFO GROUPS there: entries-read null), unless
 * they get the stream as a whole.
 */
async function replicateWhole(clients: ByteClients, { address }: ClusterNode): Promise<void> {
  const names = (await clients.call(address, ['CLUSTER', 'GETKEYSINSLOT', `${SLOT}`, '10000'])) as readonly Buffer[];
  for (const name of names) {
    if (String(await clients.call(address, ['TYPE', name])) !== 'stream') continue;
    const dump = (await clients.call(address, ['DUMP', name])) as Buffer;
    await clients.call(address, ['RESTORE', name, '0', dump, 'REPLACE']);
  }
}

async function openHalf(scene: Scene): Promise<void> {
  await scene.open();
  await scene.moveHalf(scene.target);
}

async function openAll(scene: Scene): Promise<void> {
  await scene.open();
  await scene.moveAll(scene.target);
}

function replicaOf(formed: FormedCluster, primary: ClusterNode): ClusterNode {
  const replica = formed.replicas.find((each) => formed.primaryOf(each) === primary);
  expect(replica).toBeDefined();
  return replica as ClusterNode;
}

/**
 * Until all see both so. They need not all serve: a node that imports a slot hears nothing of its new owner, and takes it
 * for unserved.
 */
async function untilTakenOver(
  formed: FormedCluster,
  heir: ClusterNode,
  former: ClusterNode,
  living: readonly ClusterNode[],
): Promise<void> {
  const end = living.includes(former) ? 'slave' : 'fail';
  await eventually(
    async () => {
      for (const node of living) {
        const entries = await formed.view(node);
        const isOwner = entries.some(
          ({ id, slots, flags }) => id === heir.id && slots.length > 0 && flags.includes('master'),
        );
        const isOver = entries.some((entry) => entry.id === former.id && hasFlag(entry, end));
        if (!isOwner || !isOver) throw new Error(`${node.address} does not see it`);
      }
    },
    { what: `${heir.address} has taken over` },
  );
}

/** WAIT counts from the last write of its own connection: one that changes nothing on purpose. */
async function replicated({ clients, source, target, slot }: Scene): Promise<void> {
  for (const { address } of [source, target]) {
    await clients.call(address, ['PUBLISH', `slot ${slot}`, '']);
    expect(Number(await clients.call(address, ['WAIT', '1', REPLICATION_MS]))).toBe(1);
  }
}
