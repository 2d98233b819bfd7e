/**
 * `cluster reshard` that is killed at every moment: at each line of its journal, and between the lines while keys are
 * on their way. Afterwards `resume` ends where an undisturbed run ends, `undo` where it began, and every key is there
 * once and unchanged. A server that is not there is not tested, and the report shows its tests as skipped.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { type RunResult, redisCli } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { journalLines, killedRun, type Moment, newStateFolder, type StateFolder } from '../support/watched-run.ts';

const RANGE = [100, 139] as const;
const KEYS = 320;
/** Between lines 3 and 4 of the journal a key-wise move so takes half a second. */
const SLOWLY = '--throttle 600keys/s --max-pause 1';
/** So does an atomic one: the time that the server waits after each key of its snapshot, in microseconds. */
const SNAPSHOT_DELAY = '2000';

/** The lines: 1 begin, 2 step-begin, 3 opening, 4 closed, 5 step-end, 6 end. */
const MOMENTS: readonly Moment[] = [
  { lines: 1, afterMs: 0 },
  { lines: 2, afterMs: 0 },
  { lines: 3, afterMs: 0 },
  { lines: 3, afterMs: 60 },
  { lines: 3, afterMs: 350 },
  { lines: 4, afterMs: 0 },
  { lines: 5, afterMs: 0 },
];
const FINISHED: Moment = { lines: 6, afterMs: 0 };

describe.each([
  { flavor: 'default', mover: 'key-wise', moments: MOMENTS },
  { flavor: 'valkey-9.1', mover: 'atomic', moments: MOMENTS },
  // What the program does at each line is the same for both; the servers differ while keys are on their way.
  { flavor: 'redis-8.6', mover: 'atomic', moments: MOMENTS.slice(3, 6) },
] as const)('kill -9 of a $mover move on the server $flavor', ({ flavor, mover, moments }) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;
    let clients: ByteClients;
    let before: readonly StoredKey[];
    let addresses: readonly string[];

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, flavor });
      clients = new ByteClients();
      addresses = formed.nodes.map(({ address }) => address);
      await putAllKinds(clients, formed.seed, RANGE, KEYS);
      before = await storedIn(clients, addresses);
      expect(before).toHaveLength(KEYS);
      if (mover === 'key-wise') return;
      await Promise.all(
        formed.nodes.map((node) => formed.call(node, 'CONFIG', 'SET', 'rdb-key-save-delay', SNAPSHOT_DELAY)),
      );
    });
    afterAll(async () => {
      clients?.close();
      await formed?.stop();
    });

    async function hasRange(node: ClusterNode, range: readonly [number, number] = RANGE): Promise<boolean> {
      const own = present(
        (await formed.view(node)).find(({ id }) => id === node.id),
        'a node knows itself',
      );
      return own.slots.some(([first, last]) => first <= range[0] && range[1] <= last);
    }

    /** The owner, who has all of the range, and another primary. */
    async function parties(): Promise<{ from: ClusterNode; to: ClusterNode }> {
      const [first, second] = [formed.primary(0), formed.primary(1)];
      return (await hasRange(first)) ? { from: first, to: second } : { from: second, to: first };
    }

    /** Nothing is open, all agree, and every key is there once and unchanged: at its owner, and nowhere else. */
    async function expectAllAt(owner: ClusterNode): Promise<void> {
      const stored = await storedIn(clients, addresses);
      expect(new Set(stored.map(({ address }) => address))).toEqual(new Set([owner.address]));
      expectSameKeys(stored, before);
      expect(await hasRange(owner)).toBe(true);
      await expectHealthy();
    }

    async function expectHealthy(): Promise<void> {
      const check = await redisCli(['--cluster', 'check', formed.seed], { flavor });
      expect(check).toMatchObject({ code: 0 });
      expect(check.stdout).not.toContain('[WARNING]');
    }

    function reshard(to: ClusterNode): string {
      return `reshard ${formed.seed} --ranges 100-139 --to ${to.address} --mover ${mover} ${SLOWLY} --yes`;
    }

    async function killed(moment: Moment, state: StateFolder, to: ClusterNode): Promise<RunResult> {
      const run = await killedRun(reshard(to), state, moment);
      expect(run.signal ?? run.code).toBe(moment === FINISHED ? (run.signal ?? 0) : 'SIGKILL');
      return run;
    }

    it.each(moments)('line $lines of the journal and $afterMs ms: resume', async (moment) => {
      const { to } = await parties();
      const state = newStateFolder();
      await killed(moment, state, to);
      expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(to);
      expect((await cluster('history', state)).stdout).toMatch(/ done +\d\/1 +reshard 40 slots/);
    });

    it.each([...moments.filter((_, index) => index % 2 === 0), FINISHED])(
      'line $lines of the journal and $afterMs ms: undo',
      async (moment) => {
        const { from, to } = await parties();
        const state = newStateFolder();
        await killed(moment, state, to);
        expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
        await expectAllAt(from);
      },
    );

    it('resumed to its end, a run is undone as a whole', async () => {
      const { from, to } = await parties();
      const state = newStateFolder();
      await killed({ lines: 3, afterMs: 250 }, state, to);
      expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
      expect(await cluster('resume --yes', state)).toMatchObject({ code: 2 });
      expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(from);
      const again = await cluster('undo --yes', state);
      expect(again).toMatchObject({ code: 2 });
      expect(again.stderr).toContain('No run of this machine can be undone.');
    });

    it('without its journal, from another machine: resume HOST:PORT', async () => {
      const { to } = await parties();
      await killed({ lines: 3, afterMs: 200 }, newStateFolder(), to);
      expect(await cluster(`resume ${formed.seed} --yes`, newStateFolder())).toMatchObject({ code: 0 });
      await eventuallyHealthy();
      const stored = await storedIn(clients, addresses);
      expectSameKeys(stored, before);
      // What had not been opened yet stays where it was, which only the journal knows better.
      const state = newStateFolder();
      expect(await cluster(reshard(to), state)).toMatchObject({ code: expect.toBeOneOf([0, 4]) });
      await expectAllAt(to);
    });

    async function eventuallyHealthy(): Promise<void> {
      await expect
        .poll(async () => (await redisCli(['--cluster', 'check', formed.seed], { flavor })).code, { timeout: 5000 })
        .toBe(0);
    }

    it('the undo killed as well: undo again', async () => {
      const { from, to } = await parties();
      const state = newStateFolder();
      await killed(FINISHED, state, to);
      const undo = await killedRun(`undo --yes ${SLOWLY}`, state, { journals: 2, lines: 3, afterMs: 150 });
      expect(undo).toMatchObject({ signal: 'SIGKILL' });
      expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(from);
    });

    it('under a writer, three times in a row: nothing that was acknowledged is lost', async () => {
      const { to } = await parties();
      const state = newStateFolder();
      const writer = new AcknowledgedWriter(addresses, { range: RANGE });
      await killed({ lines: 3, afterMs: 250 }, state, to);
      for (const afterMs of [40, 200]) {
        const again = await killedRun(`resume --yes ${SLOWLY}`, state, {
          lines: journalLines(state).length + 1,
          afterMs,
        });
        expect(again.code).toBeOneOf([null, 0, 2]);
      }
      const last = await cluster('resume --yes', state);
      expect(last.code).toBeOneOf([0, 2]);
      const report = await writer.stop();
      expect(report).toMatchObject({ lost: [] });
      expect(report.acknowledged).toBeGreaterThan(100);
      expect(await hasRange(to)).toBe(true);
      await expectHealthy();
    });
  });
});
