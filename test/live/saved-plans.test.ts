/**
 * Plans of members and of fixes that are saved, reviewed, and applied later: exactly that, or a refusal with the
 * difference and nothing changed. Plans of moves are in move-plan.test.ts, of creations in create-output.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { eventually } from '../support/eventually.ts';
import { home, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { expectMembers, followed, viewsOf } from '../support/membership.ts';
import { askEach, expectEmptyAndAlone, statesOf, withoutChange } from '../support/node-states.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { startServers, type TestServer, type TestServers } from '../support/servers.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const FLAVORS: readonly ServerFlavor[] = ['default', 'valkey-9.1'];
const LIBRARY = '#!lua name=late\nredis.register_function("f", function() return 1 end)';
let files = 0;

/** The file of the plan that the line makes, by which nothing is changed. */
async function saved(nodes: readonly TestServer[], line: string): Promise<string> {
  const file = path.join(home, `saved-${process.pid}-${++files}.json`);
  const run = await withoutChange(nodes, () => cluster(`${line} --dry-run --plan-out ${file}`));
  expect(run, `${run.stdout}${run.stderr}`).toMatchObject({ code: 0 });
  return file;
}

/** Another machine: none of the journals is there. */
function apply(file: string, words = '--yes'): ReturnType<typeof cluster> {
  return cluster(`apply ${file} ${words}`, newStateFolder());
}

/** What it says instead of applying the plan, by which nothing is changed. */
async function refusal(nodes: readonly TestServer[], file: string, words = '--yes', code = 4): Promise<string> {
  const run = await withoutChange(nodes, () => apply(file, words));
  expect(run, `${run.stdout}${run.stderr}`).toMatchObject({ code });
  return run.stderr;
}

describe.each(FLAVORS)('a plan of members on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;
    let fresh: TestServers;
    let added: TestServer;

    beforeAll(async () => {
      [formed, fresh] = await Promise.all([
        formCluster({ shards: 3, replicas: 1, flavor }),
        startServers({ count: 1, flavor }),
      ]);
      added = present(fresh.nodes[0], 'a server was started');
      await formed.putKeys(300);
    });
    afterAll(async () => {
      await Promise.all([formed?.stop(), fresh?.stop()]);
    });

    it('add-node: stale by functions and by what became of the new node, else applied; once', async () => {
      const all = [...formed.nodes, added];
      const file = await saved(all, `add-node ${added.address} ${formed.seed}`);
      await formed.call(formed.primary(0), 'FUNCTION', 'LOAD', LIBRARY);
      expect(await refusal(all, file)).toMatch(/^ {2}Now: Copy the functions of \S+ to \S+\.$/m);
      await formed.call(formed.primary(0), 'FUNCTION', 'DELETE', 'late');
      await askEach([added], [['CLUSTER', 'ADDSLOTS', '0']]);
      expect(await refusal(all, file)).toMatch(/Node \w+ was: primary, epoch 0, no slots, .*now: .* slots 0/);
      await askEach([added], [['CLUSTER', 'DELSLOTS', '0']]);
      const run = await apply(file);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toContain(`>>> Adding node ${added.address} to cluster ${formed.seed}`);
      expect(run.stdout).toContain('[OK] New node added correctly.');
      await expectMembers(all);
      expect(await refusal(all, file)).toContain('The cluster has changed since the plan was made:');
    });

    it('del-node --drain: stale by slots, else applied, with the question of the command', async () => {
      const gone = formed.primary(1);
      const all = [...formed.nodes, added];
      const line = `del-node ${formed.seed} ${gone.address} --drain`;
      const stale = await saved(all, line);
      expect(await cluster(`reshard ${formed.seed} --ranges 0 --to ${gone.id} --yes`)).toMatchObject({ code: 0 });
      expect(await refusal(all, stale)).toContain(`Node ${gone.id} was: primary, epoch`);
      const file = await saved(all, line);
      expect(await refusal(all, file, '')).toContain('No answer was given');
      const run = await apply(file, `${formed.primary(2).address} --json`);
      expect(run).toMatchObject({ code: 0 });
      expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, outcome: 'done', run: expect.any(String) });
      const rest = all.filter((node) => node !== gone);
      await expectMembers(rest);
      await expectEmptyAndAlone([gone]);
      const keys = await statesOf([formed.primary(0), formed.primary(2), added]);
      expect(keys.reduce((sum, state) => sum + state.keys, 0)).toBe(300);
      expect(await redisCli(['--cluster', 'check', formed.seed], { flavor })).toMatchObject({ code: 0 });
    });

    it('forget --failed: applied, once', async () => {
      const living = [...formed.nodes.filter((node) => node !== formed.primary(1)), added];
      const dead = present(
        (await Promise.all(formed.replicas.map(async (node) => ({ node, of: await followed(node) })))).find(
          ({ of }) => of !== null,
        )?.node,
        'somebody is a replica',
      );
      const rest = living.filter((node) => node !== dead);
      await formed.kill(dead);
      await eventually(
        async () => {
          for (const view of await viewsOf(rest))
            expect(view.find(({ id }) => id === dead.id)?.flags).toContain('fail');
        },
        { what: 'all know that it has failed' },
      );
      const file = await saved(rest, `forget ${formed.seed} --failed`);
      expect(await apply(file)).toMatchObject({ code: 0 });
      await expectMembers(rest);
      expect(await refusal(rest, file)).toContain(`Node ${dead.id} is gone.`);
    });
  });
});

describe.each(FLAVORS)('a plan of a fix on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, flavor });
      await formed.putKeys(300);
    });
    afterAll(() => formed?.stop());

    function key(slot: number, index = 0): string {
      return present(namesIn([slot, slot], 'saved:', index + 1)[index], 'there is a name for each slot');
    }

    async function mended(): Promise<void> {
      expect(await cluster(`fix ${formed.seed} --yes --on-conflict target`)).toMatchObject({ code: 0 });
      const check = await redisCli(['--cluster', 'check', formed.seed], { flavor });
      expect(check).toMatchObject({ code: 0 });
      expect(check.stdout).not.toContain('[WARNING]');
    }

    it('is applied exactly, with the question of the command; and once', async () => {
      await formed.openSlot(7, formed.primary(1));
      const file = await saved(formed.nodes, `fix ${formed.seed}`);
      expect(await refusal(formed.nodes, file, '')).toContain('No answer was given');
      expect((await withoutChange(formed.nodes, () => apply(file, '-n'))).stdout).toContain('>>> Fixing open slot 7\n');
      const run = await apply(file);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toContain('[OK] 1 of 1 slots fixed');
      expect(await refusal(formed.nodes, file)).toContain('migrating 7 to');
      await mended();
    });

    const CHANGES: readonly {
      readonly what: string;
      readonly slot: number;
      readonly before: () => Promise<unknown>;
      readonly change: () => Promise<unknown>;
      readonly says: RegExp;
    }[] = [
      {
        what: 'another slot is open',
        slot: 20,
        before: () => formed.openSlot(20, formed.primary(1), 'importing'),
        change: () => formed.openSlot(21, formed.primary(2), 'migrating'),
        says: /It is now: .*migrating 21 to/,
      },
      {
        what: 'a key came to a node that does not own its slot',
        slot: 30,
        before: () => formed.openSlot(30, formed.primary(1), 'migrating'),
        change: () => formed.plantKey(formed.primary(2), key(30)),
        says: /Now: Bring the keys of slot 30 from \S+ to their owner/,
      },
      {
        what: 'another key is on both sides',
        slot: 40,
        before: async () => {
          await putTwice(key(40));
        },
        change: () => putTwice(key(40, 1)),
        says: /Other keys than before are on more than one node: it is 2 now\./,
      },
      {
        what: 'a node takes another for the owner',
        slot: 50,
        before: () => formed.openSlot(50, formed.primary(1), 'importing'),
        change: () => formed.giveAway(5462, formed.primary(2)),
        says: /It is now: |Now: /,
      },
    ];

    /** At its owner, and at the second primary. */
    async function putTwice(name: string): Promise<void> {
      await formed.call(formed.primary(0), 'SET', name, 'at the owner');
      await formed.plantKey(formed.primary(1), name);
    }

    it.each(CHANGES)('is stale where $what', async ({ before, change, says }) => {
      await before();
      const file = await saved(formed.nodes, `fix ${formed.seed}`);
      await change();
      expect(await refusal(formed.nodes, file)).toMatch(says);
      await mended();
    });

    it('that was changed by hand, cut off, or made by another version is no plan: 2, in one sentence', async () => {
      await formed.openSlot(9, formed.primary(1));
      const file = await saved(formed.nodes, `fix ${formed.seed}`);
      const text = readFileSync(file, 'utf8');
      const cases = [
        [text.replaceAll(formed.primary(1).id, formed.primary(2).id), 'it was changed since it was written'],
        [text.slice(0, -40), 'cannot be read'],
        [text.replace('"version": 2', '"version": 1'), 'its version is 1'],
      ] as const;
      for (const [changed, sentence] of cases) {
        writeFileSync(file, changed);
        const said = await refusal(formed.nodes, file, '--yes', 2);
        expect(said).toContain(sentence);
        expect(said.split('\n').filter((line) => line.startsWith('[ERR]'))).toHaveLength(1);
      }
      await mended();
    });

    it('what may be lost is to be accepted when it is applied', async () => {
      const lost = formed.primary(2);
      const living = formed.nodes.filter((node) => node !== lost);
      await formed.kill(lost);
      await formed.untilFlagged(lost, 'fail');
      const file = await saved(living, `fix ${formed.seed} --with-unreachable-primaries`);
      expect(await refusal(living, file)).toContain('Add --accept-data-loss to consent to that.');
      const run = await apply(file, '--yes --accept-data-loss');
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    });
  });
});
