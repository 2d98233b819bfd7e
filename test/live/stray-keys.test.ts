/**
 * Keys of slots that a node does not own. Servers make a primary that loses its last slot a replica of whoever took it,
 * and it drops all its keys then: those, too, that no other node has.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixes, untilSteady } from '../support/fix-run.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

/** With some the fix is killed once at its beginning, and typed again. */
const CASES: readonly { readonly flavor: ServerFlavor; readonly isKilled: boolean }[] = [
  { flavor: 'default', isKilled: false },
  { flavor: 'redis-8.6', isKilled: true },
  { flavor: 'valkey-9.1', isKilled: true },
];
/** Of the first primary. */
const STRAYS = namesIn([100, 139], 'stray:', 6);

describe.each(CASES)('the last slots of a primary with keys of others: $flavor', ({ flavor, isKilled }) => {
  describe.runIf(findServer(flavor) !== null)('', () => {
    let formed: FormedCluster;
    let [owner, stranger, other]: readonly ClusterNode[] = [];

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, flavor });
      [owner, stranger, other] = formed.primaries;
      for (const name of STRAYS) await formed.plantKey(present(stranger), name);
      await untilSteady(formed.nodes);
    });
    afterAll(() => formed?.stop());

    function present(node: ClusterNode | undefined): ClusterNode {
      if (node === undefined) throw new Error('the cluster has three primaries');
      return node;
    }

    async function sizeOf(node: ClusterNode | undefined): Promise<number> {
      return Number(await formed.call(present(node), 'DBSIZE'));
    }

    it.each([
      ['reshard', () => `reshard ${formed.seed} --from ${stranger?.id} --to ${other?.id} --slots all --yes`],
      ['rebalance', () => `rebalance ${formed.seed} --weight ${stranger?.id}=0 --yes`],
      ['del-node', () => `del-node ${formed.seed} ${stranger?.id} --drain --yes`],
    ])('are not taken by %s', async (_, line) => {
      const run = await cluster(line(), newStateFolder());
      expect(run).toMatchObject({ code: 4, stderr: expect.stringContaining(`cluster fix ${formed.seed}`) });
      expect(run.stderr).toContain('holds 6 keys of slots that it does not own');
      expect(await sizeOf(stranger)).toBe(6);
    });

    it('are taken by a fix only when it stays a primary, until its keys are where they belong', async () => {
      const last = 10_922;
      const state = newStateFolder();
      const most = `reshard ${formed.seed} --from ${stranger?.id} --to ${other?.id} --ranges 5461-${last - 1} --yes`;
      expect(await cluster(most, newStateFolder())).toMatchObject({ code: 0 });
      await formed.openSlot(last, present(other));
      const kill = (pid: number): void => void process.kill(pid, 'SIGKILL');
      if (isKilled) await meetRun(`fix ${formed.seed} --yes`, state, { lines: 2 }, kill);
      await fixes(formed, { flavor, run: state });
      for (const name of STRAYS) expect(String(await formed.call(present(owner), 'GET', name))).toBe('planted');
      const setting = await formed.call(present(stranger), 'CONFIG', 'GET', 'cluster-allow-replica-migration');
      expect(String(setting)).toContain('yes');
    });
  });
});
