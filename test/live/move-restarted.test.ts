/**
 * Servers that are killed and started again, with their files, in the middle of a `cluster reshard` and under a writer: one
 * side of the move, or all of them after the program was killed. A server that is not there is not tested, and the report
 * shows its tests as skipped.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MoverKind } from '../../src/lib/plan/plan.ts';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, meetRun, newStateFolder, type StateFolder } from '../support/watched-run.ts';

const RANGE = [1000, 1039] as const;
const KEYS = 300;
const SLOWLY = '--throttle 400keys/s --max-pause 1';
const MIDDLE = { lines: 3, afterMs: 300 };
const [SOURCE, TARGET, BYSTANDER] = [0, 1, 2] as const;
/** What was acknowledged is in the file by then, and the system writes the file also for a process that was killed. */
const LASTING = { appendonly: 'yes' };
/** The time that the server waits after each key of its snapshot, in microseconds. */
const SNAPSHOT_DELAY = { 'rdb-key-save-delay': '2000' };

type Restarted = readonly [name: string, index: number];
type Killed = readonly [way: 'resume' | 'undo', index: number];

const SERVERS: readonly {
  flavor: ServerFlavor;
  mover: MoverKind;
  restarted: readonly Restarted[];
  killed: readonly Killed[];
}[] = [
  {
    flavor: 'default',
    mover: 'key-wise',
    restarted: [
      ['the source', SOURCE],
      ['the target', TARGET],
    ],
    killed: [['undo', SOURCE]],
  },
  { flavor: 'valkey-9.1', mover: 'atomic', restarted: [['the target', TARGET]], killed: [['resume', TARGET]] },
  { flavor: 'redis-8.6', mover: 'atomic', restarted: [['the source', SOURCE]], killed: [['undo', SOURCE]] },
];

describe.each(SERVERS)('servers that restart on the server $flavor', ({ flavor, mover, restarted, killed }) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    const names = namesIn(RANGE, 'before:', KEYS);
    let formed: FormedCluster;
    let clients: ByteClients;
    let writer: AcknowledgedWriter;
    let state: StateFolder;

    beforeAll(async () => {
      const settings = { ...LASTING, ...(mover === 'atomic' ? SNAPSHOT_DELAY : {}) };
      formed = await formCluster({ shards: 3, flavor, settings });
      clients = new ByteClients();
      await Promise.all(names.map((name) => clients.call(formed.seed, ['SET', name, `value of ${name}`])));
    });
    afterAll(async () => {
      clients?.close();
      await formed?.stop();
    });
    beforeEach(() => {
      state = newStateFolder();
      writer = new AcknowledgedWriter(
        formed.nodes.map(({ address }) => address),
        { range: RANGE, counters: false },
      );
    });
    /** The next test finds the slots where this one has found them. */
    afterEach(async () => {
      await eventually(async () => expect(await cluster(`check ${formed.seed}`)).toMatchObject({ code: 0 }), {
        what: 'the cluster serves again',
      });
      const back = `reshard ${formed.seed} --ranges 1000-1039 --to ${formed.primary(SOURCE).id} --yes`;
      expect(await cluster(back)).toMatchObject({ code: 0 });
    });

    function reshard(): string {
      const [seed, to] = [formed.primary(BYSTANDER).address, formed.primary(TARGET).address];
      return `reshard ${seed} --ranges 1000-1039 --to ${to} --mover ${mover} ${SLOWLY} --yes -t 2`;
    }

    async function expectAllAt(index: number): Promise<void> {
      const report = await writer.stop();
      expect(report).toMatchObject({ lost: [] });
      expect(report.acknowledged).toBeGreaterThan(20);
      const stored = await storedIn(
        clients,
        formed.nodes.map(({ address }) => address),
      );
      expect(new Set(stored.map(({ address }) => address))).toEqual(new Set([formed.primary(index).address]));
      const found = new Set(stored.map(({ name }) => Buffer.from(name, 'hex').toString()));
      expect(names.filter((name) => !found.has(name))).toEqual([]);
      expect(found.size).toBe(stored.length);
    }

    it.each(restarted)('%s: it goes on', async (_, index) => {
      const run = await meetRun(reshard(), state, MIDDLE, () => formed.restart(formed.primary(index)));
      expect(run).toMatchObject({ code: 0 });
      await expectAllAt(TARGET);
    });

    it.each(killed)('all of them, after kill -9 of the program: %s', async (way, index) => {
      const run = await killedRun(reshard(), state, MIDDLE);
      expect(run).toMatchObject({ signal: 'SIGKILL' });
      await formed.restart(...formed.nodes);
      await formed.untilServing();
      expect(await cluster(`${way} --yes`, state)).toMatchObject({ code: 0 });
      await expectAllAt(index);
    });
  });
});
