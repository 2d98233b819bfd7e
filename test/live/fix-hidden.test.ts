/**
 * Keys of slots that a node does not own: Redis 8.4 and later show them to nobody, and delete them before the slot is moved
 * there inside the servers. `cluster fix` finds them all the same. A server that is not there is not tested, and the report
 * shows its tests as skipped.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { fixes, untilSteady } from '../support/fix-run.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { statesOf, withoutChange } from '../support/node-states.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const flavor = 'redis-8.6';
const RANGE = [100, 139] as const;

describe.runIf(findServer(flavor) !== null)('keys that Redis 8.6 hides', () => {
  let formed: FormedCluster;
  let clients: ByteClients;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, flavor });
    clients = new ByteClients();
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });

  function call(index: number, ...argv: readonly string[]) {
    return clients.call(formed.primary(index).address, argv);
  }

  it('are brought to the owner of their slot', async () => {
    const names = namesIn(RANGE, 'stray:', 60);
    for (const name of names) await formed.plantKey(formed.primary(1), name);
    expect(await call(1, 'CLUSTER', 'COUNTKEYSINSLOT', '100')).toBe(0);
    expect(await call(1, 'DBSIZE')).toBe(60);
    const check = `check ${formed.seed} --search-multiple-owners`;
    expect(await withoutChange(formed.nodes, () => cluster(check))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('has 60 keys of slots that it does not own, and shows them to nobody'),
    });
    await fixes(formed, { flavor, run: newStateFolder() });
    for (const name of names) expect(String(await call(0, 'GET', name))).toBe('planted');
    expect(await call(1, 'DBSIZE')).toBe(0);
    expect(await cluster(check)).toMatchObject({ code: 0 });
  });

  it('are looked for without a lasting mark, and not where there are none', async () => {
    const [name = ''] = namesIn(RANGE, 'one:', 1);
    await formed.plantKey(formed.primary(1), name);
    await untilSteady(formed.nodes);
    const before = await statesOf(formed.nodes);
    await call(2, 'CONFIG', 'RESETSTAT');
    const run = await cluster(`fix ${formed.seed} --dry-run`, newStateFolder());
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('gather its keys') });
    expect(await statesOf(formed.nodes)).toEqual(before);
    expect(String(await call(2, 'INFO', 'commandstats'))).not.toContain('setslot');
  });
});
