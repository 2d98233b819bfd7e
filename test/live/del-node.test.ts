/** `cluster del-node` and `cluster forget` against real servers: what is typed, and what every node says afterwards. */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { eventually } from '../support/eventually.ts';
import { redisCli } from '../support/executables.ts';
import type { ClusterNode, FormedCluster } from '../support/formed-cluster.ts';
import { expectMembers, followed, idOf, viewsOf, withMembers } from '../support/membership.ts';
import { askEach, expectEmptyAndAlone, statesOf, withoutChange } from '../support/node-states.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

/** Node timeout is 2 s: every node pings every other within one, so this is several rounds of gossip. */
const SEVERAL_ROUNDS_MS = 5000;

/** It holds at every look over several rounds of gossip: nobody comes back. */
async function stays(what: string, assertion: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  let failure: unknown = null;
  await eventually(
    async () => {
      failure ??= await assertion().then(
        () => null,
        (cause: unknown) => cause,
      );
      if (failure === null && performance.now() - begun < SEVERAL_ROUNDS_MS)
        throw new Error('looked at not long enough');
    },
    { what, withinMs: 3 * SEVERAL_ROUNDS_MS },
  );
  if (failure !== null) throw failure;
}

function without(formed: FormedCluster, ...gone: readonly ClusterNode[]): readonly ClusterNode[] {
  return formed.nodes.filter((node) => !gone.includes(node));
}

describe.each(['default', 'valkey-9.1'] as const)('on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null).concurrent('which is there', () => {
    it('a replica with data: everybody forgets it, and it is empty and alone', () =>
      withMembers({ shards: 3, replicas: 1, flavor }, async (formed) => {
        await formed.putKeys(100);
        const gone = formed.replica(0);
        const run = await cluster(`del-node ${formed.seed} ${gone.id} --yes`);
        expect(run).toMatchObject({ code: 0 });
        expect(run.stdout).toContain(`>>> Removing node ${gone.id} from cluster ${formed.seed}`);
        expect(run.stdout).toContain(`${formed.primaryOf(gone).address} will have no healthy replica left`);
        expect(run.stderr).toContain('>>> Sending CLUSTER FORGET messages to the cluster...');
        expect(run.stderr).toContain('>>> Sending CLUSTER RESET SOFT to the deleted node.');
        await expectMembers(without(formed, gone));
        await expectEmptyAndAlone([gone]);
        // It has another id, so it can be added again within the minute that the others ban the old one.
        expect(await cluster(`add-node ${gone.address} ${formed.seed} --replica --yes`)).toMatchObject({ code: 0 });
        expect(await followed(gone)).toBe(`${formed.primaryOf(gone).address} up`);
        await expectMembers(formed.nodes);
      }));

    it('a primary with --drain: its slots and its replica go to the others, no key is lost', () =>
      withMembers({ shards: 4, replicas: 1, flavor }, async (formed) => {
        await formed.putKeys(400);
        const gone = formed.primary(1);
        const orphan = present(
          formed.replicas.find((replica) => formed.primaryOf(replica) === gone),
          'it has a replica',
        );
        const refused = await withoutChange(formed.nodes, () =>
          cluster(`del-node ${formed.seed} ${gone.address} --yes`),
        );
        expect(refused).toMatchObject({ code: 4 });
        expect(refused.stderr).toContain(`[ERR] Node ${gone.address} is not empty! Reshard data away and try again.`);
        expect(refused.stderr).toContain(`cluster del-node ${formed.seed} ${gone.id} --drain`);
        const run = await cluster(`del-node ${formed.seed} ${gone.address} --drain --yes --json`);
        expect(run).toMatchObject({ code: 0 });
        expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, outcome: 'done' });
        const rest = without(formed, gone);
        await expectMembers(rest);
        await expectEmptyAndAlone([gone]);
        const primaries = rest.filter((node) => formed.primaries.includes(node));
        const states = await statesOf(primaries);
        expect(states.reduce((sum, { keys }) => sum + keys, 0)).toBe(400);
        await eventually(
          async () => expect(await followed(orphan)).toBeOneOf(primaries.map(({ address }) => `${address} up`)),
          { what: 'the orphan follows another primary' },
        );
        expect(await redisCli(['--cluster', 'check', formed.seed], { flavor })).toMatchObject({ code: 0 });
      }));

    it('a dead replica, and a dead primary that was failed over: they do not come back', () =>
      withMembers({ shards: 3, replicas: 1, flavor }, async (formed) => {
        const replica = formed.replica(0);
        const primary = present(
          formed.primaries.find((node) => node !== formed.primaryOf(replica) && node !== formed.primary(0)),
          'there are three',
        );
        await formed.kill(replica);
        await formed.kill(primary);
        const rest = without(formed, replica, primary);
        await formed.untilFlagged(primary, 'fail');
        await formed.untilFlagged(replica, 'fail');
        await eventually(
          async () => {
            const views = await viewsOf(rest);
            for (const view of views) expect(view.find(({ id }) => id === primary.id)?.slots).toEqual([]);
          },
          { what: 'its replica has taken over' },
        );
        const seed = present(rest[0], 'somebody lives').address;
        const run = await cluster(`del-node ${seed} ${primary.id.slice(0, 12)} ${replica.id} --yes`);
        expect(run).toMatchObject({ code: 0 });
        expect(run.stdout).toContain(`>>> Skipping unreachable node ${primary.address}.`);
        await stays('the dead are gone', () => expectMembers(rest));
        expect(await redisCli(['--cluster', 'check', seed], { flavor })).toMatchObject({ code: 0 });
      }));

    it('forget --failed: all dead nodes without slots at once, and then nothing to do', () =>
      withMembers({ shards: 3, replicas: 2, flavor }, async (formed) => {
        const dead = [formed.replica(0), formed.replica(1), formed.replica(5)];
        for (const node of dead) await formed.kill(node);
        for (const node of dead) await formed.untilFlagged(node, 'fail');
        const rest = without(formed, ...dead);
        const living = await withoutChange(rest, () => cluster(`forget ${formed.seed} ${formed.replica(2).id} --yes`));
        expect(living).toMatchObject({ code: 4 });
        const run = await cluster(`forget ${formed.seed} --failed --yes`);
        expect(run).toMatchObject({ code: 0 });
        for (const { id } of dead) expect(run.stdout).toContain(`[OK] Node ${id} forgotten by every node.`);
        await stays('the dead are gone', () => expectMembers(rest));
        const again = await withoutChange(rest, () => cluster(`forget ${formed.seed} --failed --yes`));
        expect(again).toMatchObject({ code: 0 });
        expect(again.stdout).toContain('Nothing to do');
      }));

    it('beside a member that is away: it is said that it may bring the removed back', () =>
      withMembers({ shards: 3, replicas: 2, flavor }, async (formed) => {
        const [gone, away] = [formed.replica(0), formed.replica(1)];
        formed.pause(away);
        await formed.untilFlagged(away, 'fail');
        const run = await cluster(`del-node ${formed.seed} ${gone.id} --yes -t 1`);
        expect(run).toMatchObject({ code: 0 });
        expect(run.stdout).toContain(`${away.address} does not answer and cannot be told to forget`);
        // It comes back, and pings the removed at its old address: the id there is another one now.
        process.kill(away.pid, 'SIGCONT');
        const rest = without(formed, gone, away);
        await eventually(
          async () => {
            for (const view of await viewsOf(rest))
              expect(view.find(({ id }) => id === away.id)?.flags).toEqual(['slave']);
          },
          { what: 'it is back' },
        );
        await stays('the removed is alone', async () => {
          await expectEmptyAndAlone([gone]);
          expect((await viewsOf(rest)).flat().map(({ id }) => id)).not.toContain(gone.id);
        });
        expect(await idOf(gone)).not.toBe(gone.id);
      }));

    it('a dead primary with slots: refused, and the way out is named', () =>
      withMembers({ shards: 3, flavor }, async (formed) => {
        const gone = formed.primary(2);
        await formed.kill(gone);
        await formed.untilFlagged(gone, 'fail');
        const rest = without(formed, gone);
        const run = await withoutChange(rest, () => cluster(`del-node ${formed.seed} ${gone.id} --drain --yes`));
        expect(run).toMatchObject({ code: 4 });
        expect(run.stderr).toContain(`cluster fix ${formed.seed}`);
        const failed = await withoutChange(rest, () => cluster(`forget ${formed.seed} --failed --yes`));
        expect(failed.stdout).toContain('cluster fix');
      }));
  });
});

describe.concurrent('del-node', () => {
  it("redis-cli's words: host and port apart; nobody of that name; no consent", () =>
    withMembers({ shards: 3, replicas: 1 }, async (formed) => {
      const [host = '', port = ''] = formed.seed.split(':');
      const unknown = await withoutChange(formed.nodes, () =>
        cluster(`del-node ${host} ${port} ${'0'.repeat(40)} --cluster-yes`),
      );
      expect(unknown).toMatchObject({ code: 4 });
      expect(unknown.stderr).toContain(`[ERR] No such node ID ${'0'.repeat(40)}`);
      const line = `del-node ${host} ${port} ${formed.replica(1).id}`;
      expect((await withoutChange(formed.nodes, () => cluster(line))).code).toBe(4);
      expect((await withoutChange(formed.nodes, () => cluster(`${line} --json`))).code).toBe(4);
      expect((await withoutChange(formed.nodes, () => cluster(`${line} --dry-run`))).code).toBe(0);
      expect(await cluster(`del-node ${formed.seed} --yes`)).toMatchObject({ code: 2 });
      expect(await cluster(`${line} --cluster-yes`)).toMatchObject({ code: 0 });
      await expectMembers(without(formed, formed.replica(1)));
    }));

  it('through the very node that is removed', () =>
    withMembers({ shards: 3, replicas: 1 }, async (formed) => {
      const gone = formed.replica(2);
      expect(await cluster(`del-node ${gone.address} ${gone.id} --yes`)).toMatchObject({ code: 0 });
      await expectMembers(without(formed, gone));
      await expectEmptyAndAlone([gone]);
    }));

  it('a primary without slots but with keys is refused: it could not be reset', () =>
    withMembers({ shards: 3, fresh: 1 }, async (formed, [fresh]) => {
      const server = present(fresh, 'one is started');
      expect(await cluster(`add-node ${server.address} ${formed.seed} --yes`)).toMatchObject({ code: 0 });
      const id = await idOf(server);
      const [[slot] = []] = await askEach([server], [['CLUSTER', 'KEYSLOT', 'a']]);
      const owner = formed.ownerOf(Number(slot)).id;
      await askEach(
        [server],
        [
          ['CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', owner],
          ['ASKING'],
          ['SET', 'a', 'b'],
          ['CLUSTER', 'SETSLOT', `${slot}`, 'STABLE'],
        ],
      );
      const all = [...formed.nodes, server];
      const run = await withoutChange(all, () => cluster(`del-node ${formed.seed} ${id} --yes`));
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toContain(`send FLUSHALL to ${server.address}`);
    }));

  it('history is true; undo and resume name the command to type', () =>
    withMembers({ shards: 3, replicas: 1 }, async (formed) => {
      const state = newStateFolder();
      const gone = formed.replica(0);
      expect(await cluster(`del-node ${formed.seed} ${gone.id} --yes`, state)).toMatchObject({ code: 0 });
      const undo = await cluster('undo --yes', state);
      expect(undo).toMatchObject({ code: 4 });
      const back = present(/cluster (add-node .*)/.exec(undo.stderr)?.[1], 'it names the opposite');
      expect(await cluster(`${back} --yes`, state)).toMatchObject({ code: 0 });
      const again = await cluster('undo --yes', state);
      const forth = present(/cluster (del-node .*)/.exec(again.stderr)?.[1], 'it names the opposite');
      expect(await cluster(`${forth} --yes`, state)).toMatchObject({ code: 0 });
      expect(await cluster('resume --yes', state)).toMatchObject({ code: 2 });
      const { stdout } = await cluster('history', state);
      expect(stdout.match(/ done /g)).toHaveLength(3);
      expect(stdout).toContain(`remove ${gone.address}`);
    }));
});
