/**
 * A primary that is lost in the middle of a `cluster reshard`, while clients write: the source, the target or neither.
 * Its replica takes over, and the command goes on, or stops with exit code 5 and `resume` goes on. Nothing that was
 * acknowledged by primary and replica is lost. A server that is not there is not tested, and the report shows its tests
 * as skipped.
 */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { hasFlag } from '../../src/lib/model/node.ts';
import { AcknowledgedWriter } from '../support/acknowledged-writer.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { redisCli } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { storedIn } from '../support/keys-of-all-kinds.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

const RANGE = [1000, 1299] as const;
const KEYS = 2400;
const RESHARD = '--ranges 1000-1299 --throttle 1200keys/s --max-pause 1 --yes -t 1';
/** The reshard takes two seconds, and the primary is lost in the middle. */
const MIDDLE = { lines: 3, afterMs: 900 };
const VICTIMS = { source: 0, target: 1, bystander: 2 } as const;

/** An atomic move ends in the blink of an eye, but for the time that the server waits after each key, in microseconds. */
const SNAPSHOT_DELAY = { 'rdb-key-save-delay': '1000' };

type Case = readonly ['source' | 'target' | 'bystander', 'killed' | 'paused', 'key-wise' | 'atomic'];

describe.each<{ flavor: ServerFlavor; cases: readonly Case[] }>([
  {
    flavor: 'default',
    cases: [
      ['source', 'killed', 'key-wise'],
      ['target', 'killed', 'key-wise'],
      ['bystander', 'killed', 'key-wise'],
      ['source', 'paused', 'key-wise'],
      ['target', 'paused', 'key-wise'],
    ],
  },
  {
    flavor: 'valkey-9.1',
    cases: [
      ['source', 'killed', 'key-wise'],
      ['target', 'killed', 'key-wise'],
      ['source', 'killed', 'atomic'],
      ['target', 'killed', 'atomic'],
    ],
  },
  {
    flavor: 'redis-8.6',
    cases: [
      ['source', 'killed', 'atomic'],
      ['target', 'killed', 'atomic'],
      ['source', 'paused', 'atomic'],
      ['target', 'paused', 'atomic'],
    ],
  },
])('a primary that is lost while slots are moved on the server $flavor', ({ flavor, cases }) => {
  it.runIf(findServer(flavor) !== null).each(cases)('%s, %s, %s', async (role, how, mover) => {
    const settings = { 'cluster-node-timeout': '1500', ...(mover === 'atomic' ? SNAPSHOT_DELAY : {}) };
    const formed = await formCluster({ shards: 3, replicas: 1, flavor, settings });
    const clients = new ByteClients();
    try {
      const names = namesIn(RANGE, 'before:', KEYS);
      await Promise.all(names.map((name) => clients.call(formed.seed, ['SET', name, `value of ${name}`])));
      const writer = new AcknowledgedWriter(
        formed.nodes.map(({ address }) => address),
        { range: RANGE, confirmed: true, counters: false },
      );
      const state = newStateFolder();
      const victim = formed.primary(VICTIMS[role]);
      const line = `reshard ${formed.primary(2).address} --to ${formed.primary(1).address} ${RESHARD} --mover ${mover}`;
      const run = await meetRun(line, state, MIDDLE, () =>
        how === 'killed' ? formed.kill(victim) : formed.pause(victim),
      );
      expect(run.code).toBeOneOf([0, 5]);
      if (run.code === 5) {
        expect(run.stderr).toContain('Go on with: cluster resume');
        const resumed = await cluster('resume --yes -t 1', state);
        expect(resumed).toMatchObject({ code: 0 });
      }
      if (how === 'paused') process.kill(victim.pid, 'SIGCONT');
      const report = await writer.stop();
      expect(report).toMatchObject({ lost: [] });
      expect(report.acknowledged).toBeGreaterThan(100);
      const primaries = await primariesNow(formed, victim, how === 'killed');
      const stored = (await storedIn(clients, primaries)).map(({ name }) => Buffer.from(name, 'hex').toString());
      expect(stored.length).toBe(new Set(stored).size);
      expect(stored.filter((name) => name.startsWith('before:')).sort()).toEqual([...names].sort());
      const check = await redisCli(['--cluster', 'check', present(primaries[0], 'one is left')], { flavor });
      expect(check).toMatchObject({ code: 0 });
    } finally {
      clients.close();
      await formed.stop();
    }
  });
});

/** The addresses of the primaries, once all that answer agree; a primary that was only paused is a replica by then. */
function primariesNow(formed: FormedCluster, victim: ClusterNode, isDead: boolean): Promise<readonly string[]> {
  const witness = present(
    formed.replicas.find((node) => node !== victim),
    'there are replicas',
  );
  return eventually(
    async () => {
      const entries = await formed.view(witness);
      const primaries = entries.filter((entry) => hasFlag(entry, 'master') && entry.slots.length > 0);
      if (primaries.some((entry) => entry.id === victim.id)) throw new Error('the lost one still counts as a primary');
      const lost = present(
        entries.find(({ id }) => id === victim.id),
        'it is known',
      );
      if (!isDead && !hasFlag(lost, 'slave')) throw new Error('it has not come back yet');
      return primaries.map(({ address }) => `${address.host}:${address.port}`);
    },
    { what: 'a replica has taken over' },
  );
}
