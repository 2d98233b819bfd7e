/**
 * `cluster fix` after a run that was killed in the middle: of `cluster reshard` and of its undo, with the journal and
 * without it, of redis-cli, and of `fix` itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { expectContent, untilSteady } from '../support/fix-run.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { addressesOf, ownerSeenBy } from '../support/half-migrated.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor, serverBinary } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { journalLines, killedRun, newStateFolder, type StateFolder } from '../support/watched-run.ts';

const FLAVORS: readonly ServerFlavor[] = ['default', 'valkey-9.1'];
/** The first slots of their owner, because redis-cli takes those. */
const RANGE = [0, 39] as const;
const KEYS = 320;
/** Between lines 3 and 4 of the journal a key-wise move so takes half a second. */
const SLOWLY = '--throttle 600keys/s --max-pause 1';
const MIDDLE = { lines: 3, afterMs: 200 };

describe.each(FLAVORS)('cluster fix on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;
    let clients: ByteClients;
    let before: readonly StoredKey[];

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, flavor });
      clients = new ByteClients();
      await putAllKinds(clients, formed.seed, RANGE, KEYS);
      before = await storedIn(clients, addressesOf(formed));
    });
    afterAll(async () => {
      clients?.close();
      await formed?.stop();
    });

    /** Slots that are open, and slots that their owner is migrating. */
    async function openSlots(): Promise<{ readonly all: readonly number[]; readonly migrating: readonly number[] }> {
      const entries = (await Promise.all(formed.nodes.map((node) => formed.view(node)))).flat();
      const migrating = entries.flatMap((entry) => entry.migrating.map(({ slot }) => slot));
      const importing = entries.flatMap((entry) => entry.importing.map(({ slot }) => slot));
      return { all: [...new Set([...migrating, ...importing])], migrating };
    }

    async function expectOwners(slots: readonly number[], owner: ClusterNode): Promise<void> {
      const owners = await Promise.all(slots.map((slot) => ownerSeenBy(formed, formed.primary(2), slot)));
      expect(owners).toEqual(slots.map(() => owner.id));
    }

    async function expectWell(): Promise<void> {
      await expectContent(formed, { flavor });
      expectSameKeys(await storedIn(clients, addressesOf(formed)), before);
    }

    /** The owner of all of the range, and another primary: the way back where a test has left it elsewhere. */
    async function gathered(): Promise<{ readonly from: ClusterNode; readonly to: ClusterNode }> {
      const [from, to] = [formed.primary(0), formed.primary(1)];
      const run = await cluster(`reshard ${formed.seed} --ranges 0-39 --to ${from.address} --yes`, newStateFolder());
      expect(run).toMatchObject({ code: 0 });
      return { from, to };
    }

    function reshard(to: ClusterNode): string {
      return `reshard ${formed.seed} --ranges 0-39 --to ${to.address} --mover key-wise ${SLOWLY} --yes`;
    }

    function fix(state: StateFolder, words = ''): ReturnType<typeof cluster> {
      return cluster(`fix ${formed.seed} --yes ${words}`, state);
    }

    it.each([
      { lines: 2, afterMs: 0 },
      { lines: 3, afterMs: 0 },
      { lines: 3, afterMs: 200 },
      { lines: 4, afterMs: 0 },
    ])('a reshard killed at line $lines of its journal and $afterMs ms', async (moment) => {
      const { to } = await gathered();
      const state = newStateFolder();
      await killedRun(reshard(to), state, moment);
      const { all } = await openSlots();
      expect(await fix(state)).toMatchObject({ code: 0 });
      await expectOwners(all, to);
      await expectWell();
      expect(await fix(state)).toMatchObject({ code: 0, stdout: expect.stringMatching(/nothing to (do|fix)/i) });
    });

    it('a reshard killed on another machine: without its journal', async () => {
      const { to } = await gathered();
      await killedRun(reshard(to), newStateFolder(), MIDDLE);
      const { migrating } = await openSlots();
      expect(migrating.length).toBeGreaterThan(0);
      expect(await fix(newStateFolder())).toMatchObject({ code: 0 });
      await expectOwners(migrating, to);
      await expectWell();
    });

    it.each([
      ['the journal still knows where they were to go', true],
      ['nobody knows where they were to go', false],
    ])('a killed reshard whose source has lost its marks: %s', async (_, isKnown) => {
      const { from, to } = await gathered();
      const state = newStateFolder();
      await killedRun(reshard(to), state, MIDDLE);
      const { migrating } = await openSlots();
      expect(migrating.length).toBeGreaterThan(0);
      for (const slot of migrating) await formed.call(from, 'CLUSTER', 'SETSLOT', `${slot}`, 'STABLE');
      const { all } = await openSlots();
      expect(await fix(isKnown ? state : newStateFolder())).toMatchObject({ code: 0 });
      await expectOwners(all, isKnown ? to : from);
      await expectWell();
    });

    it('an undo that was killed: back it goes', async () => {
      const { from, to } = await gathered();
      const state = newStateFolder();
      expect(await cluster(reshard(to), state)).toMatchObject({ code: 0 });
      await killedRun(`undo --yes ${SLOWLY}`, state, { journals: 2, ...MIDDLE });
      const { all } = await openSlots();
      expect(all.length).toBeGreaterThan(0);
      expect(await fix(state)).toMatchObject({ code: 0 });
      await expectOwners(all, from);
      await expectWell();
    });

    /** Whoever writes to the source waits for it; redis-cli may do so between two slots. */
    async function pausedHalfway(): Promise<void> {
      await formed.call(formed.primary(0), 'CLIENT', 'PAUSE', '30000', 'WRITE');
      await untilSteady(formed.nodes);
      if ((await openSlots()).all.length > 0) return;
      await formed.call(formed.primary(0), 'CLIENT', 'UNPAUSE');
      throw new Error('no slot was open');
    }

    it('redis-cli killed in the middle', async () => {
      const { from, to } = await gathered();
      const words = `--cluster-from ${from.id} --cluster-to ${to.id} --cluster-slots 400 --cluster-yes`.split(' ');
      const child = spawn(serverBinary(flavor).cli, ['--cluster', 'reshard', formed.seed, ...words], {
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await expect.poll(async () => (await openSlots()).migrating, { interval: 2, timeout: 10_000 }).not.toEqual([]);
      await eventually(pausedHalfway, { what: 'redis-cli waits in the middle of a slot' });
      child.kill('SIGKILL');
      await ended;
      await formed.call(from, 'CLIENT', 'UNPAUSE');
      const { migrating } = await openSlots();
      expect(await fix(newStateFolder())).toMatchObject({ code: 0 });
      await expectOwners(migrating, to);
      await expectWell();
    });

    it.each([1, 2, 3, 4, 5, 6])('the fix killed as well, at line %i of its journal: fix again', async (lines) => {
      const { to } = await gathered();
      await killedRun(reshard(to), newStateFolder(), MIDDLE);
      const { migrating } = await openSlots();
      const state = newStateFolder();
      const run = await killedRun(`fix ${formed.seed} --yes`, state, { lines });
      expect([run.signal, run.code]).toContainEqual(run.signal === null ? 0 : 'SIGKILL');
      expect(await fix(state)).toMatchObject({ code: 0 });
      await expectOwners(migrating, to);
      await expectWell();
    });

    it('the fix killed again and again under a writer: nothing that was acknowledged is lost', async () => {
      const { to } = await gathered();
      const writer = new AcknowledgedWriter(addressesOf(formed), { range: RANGE });
      await expect.poll(() => writer.acknowledged, { timeout: 10_000 }).toBeGreaterThan(50);
      await killedRun(reshard(to), newStateFolder(), MIDDLE);
      const state = newStateFolder();
      for (const lines of [2, 3, 4]) {
        await killedRun(`fix ${formed.seed} --yes`, state, { lines: journalLines(state).length + lines });
      }
      const last = await fix(state);
      expect(last).toMatchObject({ code: 0 });
      expect(await writer.stop()).toMatchObject({ lost: [] });
      await expectContent(formed, { flavor });
    });
  });
});
