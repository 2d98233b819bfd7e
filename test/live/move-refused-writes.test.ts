/**
 * `cluster reshard` to a target that refuses writes, because too few replicas answer or its disk fails. Inside the servers
 * that would lose every key (Redis 8.6) or end the target's process (Redis 8.6, Valkey 9.1). A server that is not there is not
 * tested, and the report shows its tests as skipped.
 */
import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder, type StateFolder } from '../support/watched-run.ts';

const RANGE = [100, 139] as const;
const KEYS = 160;

const SERVERS = [
  { flavor: 'default', mover: 'key-wise' },
  { flavor: 'valkey-9.1', mover: 'atomic' },
  { flavor: 'redis-8.6', mover: 'atomic' },
] as const;

describe.each(SERVERS)('a target that refuses writes, $flavor', ({ flavor, mover }) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;
    let clients: ByteClients;
    let before: readonly StoredKey[];
    let target: ClusterNode;
    let state: StateFolder;

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, flavor });
      clients = new ByteClients();
      target = formed.primary(1);
      await putAllKinds(clients, formed.seed, RANGE, KEYS);
      before = await stored();
    });
    afterAll(async () => {
      clients?.close();
      await formed?.stop();
    });
    beforeEach(() => {
      state = newStateFolder();
    });

    function stored(): Promise<readonly StoredKey[]> {
      return storedIn(
        clients,
        formed.nodes.map(({ address }) => address),
      );
    }

    async function expectAllAt(owner: ClusterNode): Promise<void> {
      const now = await stored();
      expectSameKeys(now, before);
      expect(new Set(now.map(({ address }) => address))).toEqual(new Set([owner.address]));
      expect(await cluster(`check ${formed.seed}`)).toMatchObject({ code: 0 });
    }

    function reshard(): string {
      return `reshard ${formed.seed} --ranges 100-139 --to ${target.address} --mover ${mover} --yes --wait-timeout 2`;
    }

    it('min-replicas-to-write: it says so, and nothing is lost; mended, it is resumed and taken back', async () => {
      await formed.call(target, 'CONFIG', 'SET', 'min-replicas-to-write', '1');
      const run = await cluster(reshard(), state);
      expect(run).toMatchObject({ code: 5 });
      expect(run.stderr).toContain('NOREPLICAS Not enough good replicas to write.');
      expect(run.stderr).toMatch(/Go on with: cluster resume \S+\n {2}Go back with: cluster undo \S+/);
      expectSameKeys(await stored(), before);
      await formed.call(target, 'CONFIG', 'SET', 'min-replicas-to-write', '0');
      expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(target);
      expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(formed.primary(0));
    });

    it('a disk that fails: it says so, and the target lives; mended, it moves', async () => {
      // Where its snapshot is to be put there is a folder.
      const inTheWay = path.join(target.dir, 'dump.rdb');
      mkdirSync(inTheWay);
      await formed.call(target, 'CONFIG', 'SET', 'save', '3600 100000');
      await saveUntil('err');
      const run = await cluster(reshard(), state);
      expect(run.code).toBeOneOf([1, 5]);
      expect(run.stderr).toContain('MISCONF ');
      expectSameKeys(await stored(), before);
      rmdirSync(inTheWay);
      await saveUntil('ok');
      expect(await cluster(run.code === 5 ? 'resume --yes' : reshard(), state)).toMatchObject({ code: 0 });
      await expectAllAt(target);
      expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(formed.primary(0));
    });

    async function saveUntil(status: 'ok' | 'err'): Promise<void> {
      await formed.call(target, 'BGSAVE');
      await eventually(
        async () => {
          const info = String(await formed.call(target, 'INFO', 'persistence'));
          expect(info).toContain('rdb_bgsave_in_progress:0');
          expect(info).toContain(`rdb_last_bgsave_status:${status}`);
        },
        { what: `the snapshot of ${target.address} ends as ${status}` },
      );
    }
  });
});
