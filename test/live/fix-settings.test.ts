/** `cluster fix` on clusters that are set up otherwise: with a password, with several databases, with other nodes gone. */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { hasFlag } from '../../src/lib/model/node.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { expectContent, expectKeys, expectOwner } from '../support/fix-run.ts';
import {
  type ClusterNode,
  type FormedCluster,
  type FormedClusterOptions,
  formCluster,
} from '../support/formed-cluster.ts';
import { addressesOf, binaryKeyIn, openScene, type Scene } from '../support/half-migrated.ts';
import { expectSameKeys, putAllKinds, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer } from '../support/server-binaries.ts';
import { startServers } from '../support/servers.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const SLOT = 100;
const PASSWORD = 'correct horse/battery:staple@%';

async function withCluster(
  options: Omit<FormedClusterOptions, 'shards'>,
  work: (formed: FormedCluster, clients: ByteClients) => Promise<void>,
): Promise<void> {
  const { password } = options;
  const formed = await formCluster({ shards: 3, ...options });
  const clients = new ByteClients(password === undefined ? {} : { password });
  try {
    await work(formed, clients);
  } finally {
    clients.close();
    await formed.stop();
  }
}

describe('cluster fix', () => {
  it('logs in to the nodes, and the nodes to each other', async () => {
    await withCluster({ password: PASSWORD }, async (formed, clients) => {
      const scene = await openScene(formed, clients, SLOT);
      await scene.importing(scene.target, scene.source);
      await scene.asking(scene.target, 'SET', binaryKeyIn(SLOT), 'only at the target');
      await scene.migrating(scene.source, scene.target);
      const { env } = newStateFolder();
      const run = await cluster(`fix ${formed.seed} --yes`, { env: { ...env, REDISCLI_AUTH: PASSWORD } });
      expect(run).toMatchObject({ code: 0 });
      expect(`${run.stdout}${run.stderr}`).not.toContain(PASSWORD);
      await expectOwner(scene, scene.target);
      const after = await storedIn(clients, addressesOf(formed));
      expectSameKeys(
        after.filter(({ name }) => name !== binaryKeyIn(SLOT).toString('hex')),
        scene.before,
      );
      expect(String(await clients.call(scene.target.address, ['GET', binaryKeyIn(SLOT)]))).toBe('only at the target');
    });
  });

  it.runIf(findServer('valkey-9.1') !== null)('settles the keys of every database', async () => {
    const options = { flavor: 'valkey-9.1', settings: { 'cluster-databases': '4' } } as const;
    await withCluster(options, async (formed, clients) => {
      const second = new ByteClients();
      try {
        for (const address of addressesOf(formed)) await second.call(address, ['SELECT', '3']);
        await putAllKinds(second, formed.seed, [SLOT, SLOT], 16);
        const before = await storedIn(second, addressesOf(formed));
        const scene = await openScene(formed, clients, SLOT, { keys: 4 });
        await scene.open();
        const key = binaryKeyIn(SLOT);
        await second.call(scene.target.address, ['ASKING'], ['SET', key, 'of database 3']);
        await clients.call(scene.target.address, ['ASKING'], ['SET', key, 'of database 0']);
        expect(await cluster(`fix ${formed.seed} --yes`, newStateFolder())).toMatchObject({ code: 0 });
        await expectOwner(scene, scene.target);
        for (const [each, database, was] of [
          [clients, '0', scene.before],
          [second, '3', before],
        ] as const) {
          expect(String(await each.call(scene.target.address, ['GET', key]))).toBe(`of database ${database}`);
          await each.call(scene.target.address, ['DEL', key]);
          expectSameKeys(await storedIn(each, addressesOf(formed)), was);
        }
      } finally {
        second.close();
      }
    });
  });
});

describe('a slot on its way to a node without slots that is gone', () => {
  /** A fourth primary joins, the slot is on its way to it, and it is stopped in the middle. */
  async function withLost(work: (scene: Scene, lost: ClusterNode) => Promise<void>): Promise<void> {
    await withCluster({}, async (formed, clients) => {
      const servers = await startServers({ count: 1 });
      try {
        const [server] = servers.nodes;
        const added = present(server, 'one was started');
        const lost = { ...added, id: String(await clients.call(added.address, ['CLUSTER', 'MYID'])) };
        await formed.call(formed.primary(0), 'CLUSTER', 'MEET', lost.host, `${lost.port}`);
        await untilAll(formed, lost, (entry) => entry !== undefined && !hasFlag(entry, 'handshake'));
        await eventually(
          async () => expect(String(await formed.call(lost, 'CLUSTER', 'INFO'))).toMatch(/state:ok.*known_nodes:4/s),
          { what: 'it serves' },
        );
        await work(await openScene(formed, clients, SLOT, { target: lost }), lost);
      } finally {
        await servers.stop();
      }
    });
  }

  async function untilAll(
    formed: FormedCluster,
    node: ClusterNode,
    holds: (entry: Awaited<ReturnType<FormedCluster['view']>>[number] | undefined) => boolean,
  ): Promise<void> {
    await eventually(
      async () => {
        for (const each of formed.nodes)
          expect(holds((await formed.view(each)).find(({ id }) => id === node.id))).toBe(true);
      },
      { what: `all see ${node.address} so` },
    );
  }

  it('for ever, without keys: the owner keeps it', async () => {
    await withLost(async (scene, lost) => {
      const { formed } = scene;
      await scene.open();
      await formed.kill(lost);
      await untilAll(formed, lost, (entry) => entry !== undefined && hasFlag(entry, 'fail'));
      expect(await cluster(`fix ${formed.seed} --yes`, newStateFolder())).toMatchObject({ code: 0 });
      await expectOwner(scene, scene.source);
      await expectContent(formed, { flavor: 'default' });
      await expectKeys(scene, { flavor: 'default' });
    });
  });

  it('for ever, and forgotten by all but the owner', async ({ skip }) => {
    await withLost(async (scene, lost) => {
      const { formed } = scene;
      if (await formed.spreadsForgetting()) skip('who forgets makes the owner forget too, and its mark goes');
      await scene.open();
      await formed.kill(lost);
      await untilAll(formed, lost, (entry) => entry !== undefined && hasFlag(entry, 'fail'));
      await formed.forget(lost, [formed.primary(1), formed.primary(2)]);
      for (const seed of [formed.primary(1), formed.primary(0)])
        expect(await cluster(`fix ${seed.address} --yes`, newStateFolder())).toMatchObject({ code: 0 });
      await expectOwner(scene, scene.source);
      await expectContent(formed, { flavor: 'default' });
      await expectKeys(scene, { flavor: 'default' });
    });
  });

  it('for a while, with keys: they are there again once it is back', async () => {
    await withLost(async (scene, lost) => {
      const { formed } = scene;
      await scene.open();
      await scene.moveHalf(lost);
      formed.pause(lost);
      await untilAll(formed, lost, (entry) => entry !== undefined && hasFlag(entry, 'fail'));
      const first = await cluster(`fix ${formed.seed} --yes -t 1`, newStateFolder());
      expect(first.code).toBeOneOf([0, 4]);
      expect(`${first.stdout}${first.stderr}`).toContain(lost.address);
      process.kill(lost.pid, 'SIGCONT');
      await untilAll(formed, lost, (entry) => entry !== undefined && !hasFlag(entry, 'fail'));
      const words = '--yes --search-multiple-owners';
      const second = await cluster(`fix ${formed.seed} ${words}`, newStateFolder());
      expect(second).toMatchObject({ code: 0 });
      await expectContent(formed, { flavor: 'default' });
      await expectKeys(scene, { flavor: 'default', living: [...formed.nodes, lost] });
    });
  });
});
