/**
 * `CLUSTER FAILOVER` of an operator in the middle of a `cluster reshard`, under a writer: source or target give way to their
 * replicas and go on to answer. A server that is not there is not tested, and the report shows its tests as skipped.
 */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import type { MoverKind } from '../../src/lib/plan/plan.ts';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

const RANGE = [1000, 1119] as const;
const KEYS = 400;
const RESHARD = '--ranges 1000-1119 --throttle 300keys/s --max-pause 1 --yes -t 2';
const MIDDLE = { lines: 3, afterMs: 500 };
const [SOURCE, TARGET, BYSTANDER] = [0, 1, 2] as const;
/** The time that the server waits after each key of its snapshot, in microseconds. */
const SNAPSHOT_DELAY = { 'rdb-key-save-delay': '2000' };

type Case = readonly [name: string, index: number, way: 'resume' | 'undo'];

const SERVERS: readonly { flavor: ServerFlavor; mover: MoverKind; cases: readonly Case[] }[] = [
  {
    flavor: 'default',
    mover: 'key-wise',
    cases: [
      ['the source', SOURCE, 'resume'],
      ['the target', TARGET, 'undo'],
    ],
  },
  { flavor: 'valkey-9.1', mover: 'atomic', cases: [['the source', SOURCE, 'undo']] },
  { flavor: 'redis-8.6', mover: 'atomic', cases: [['the source', SOURCE, 'undo']] },
];

describe.each(SERVERS)('CLUSTER FAILOVER while slots are moved on the server $flavor', ({ flavor, mover, cases }) => {
  it.runIf(findServer(flavor) !== null).each(cases)('%s gives way', async (_, index, way) => {
    const settings = mover === 'atomic' ? SNAPSHOT_DELAY : {};
    const formed = await formCluster({ shards: 3, replicas: 1, flavor, settings });
    const clients = new ByteClients();
    try {
      const names = namesIn(RANGE, 'before:', KEYS);
      await Promise.all(names.map((name) => clients.call(formed.seed, ['SET', name, `value of ${name}`])));
      const addresses = formed.nodes.map(({ address }) => address);
      const writer = new AcknowledgedWriter(addresses, { range: RANGE, confirmed: true, counters: false });
      const state = newStateFolder();
      const [leaving, target] = [formed.primary(index), formed.primary(TARGET)];
      const heir = present(
        formed.replicas.find((node) => formed.primaryOf(node) === leaving),
        'each primary has a replica',
      );
      const line = `reshard ${formed.primary(BYSTANDER).address} --to ${target.address} --mover ${mover} ${RESHARD}`;
      const run = await meetRun(line, state, MIDDLE, async () => {
        await formed.call(heir, 'CLUSTER', 'FAILOVER');
        await formed.untilPromoted(heir);
      });
      expect(run.code).toBeOneOf([0, 5]);
      if (run.code === 5 || way === 'undo') {
        expect(await cluster(`${way} --yes`, state)).toMatchObject({ code: 0 });
      }
      const report = await writer.stop();
      expect(report).toMatchObject({ lost: [] });
      expect(report.acknowledged).toBeGreaterThan(50);
      expect(await cluster(`check ${formed.primary(BYSTANDER).address}`)).toMatchObject({ code: 0 });
      const owners = [formed.primary(BYSTANDER), formed.primary(SOURCE), target, heir].filter(
        (node) => node !== leaving,
      );
      const stored = await storedIn(
        clients,
        owners.map(({ address }) => address),
      );
      const found = stored.map(({ name }) => Buffer.from(name, 'hex').toString());
      expect(found.length).toBe(new Set(found).size);
      expect(found.filter((name) => name.startsWith('before:')).sort()).toEqual([...names].sort());
    } finally {
      clients.close();
      await formed.stop();
    }
  });
});
