/** `cluster fix` on a server with several logical databases: a slot is whole when it is whole in all of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const FLAVOR = 'valkey-9.1';
const DATABASES = [0, 2, 3] as const;

describe.runIf(findServer(FLAVOR) !== null)(`on the server ${FLAVOR}`, () => {
  let formed: FormedCluster;
  let clients: ByteClients;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, flavor: FLAVOR, settings: { 'cluster-databases': '4' } });
    clients = new ByteClients();
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });

  /** In one database of a node, also where the node only imports the slot. */
  function inDatabase(address: string, database: number, ...argv: readonly string[]) {
    return clients.call(address, ['SELECT', `${database}`], ['ASKING'], argv);
  }

  async function valueIn(address: string, database: number, key: string): Promise<string> {
    return String(await inDatabase(address, database, 'GET', key));
  }

  it.each([
    { marks: 'both', end: 1 },
    { marks: 'none', end: 0 },
  ] as const)('brings the keys of every database together; marks: $marks', async ({ marks, end }) => {
    const slot = marks === 'both' ? 60 : 61;
    const [alone = '', equal = ''] = namesIn([slot, slot], 'database:', 2);
    const [owner, other] = [formed.primary(0), formed.primary(1)];
    await formed.openSlot(slot, other);
    for (const database of DATABASES) {
      await inDatabase(other.address, database, 'SET', alone, `of ${database}`);
      await inDatabase(other.address, database, 'SET', equal, 'the same');
      await formed.call(owner, 'CLUSTER', 'SETSLOT', `${slot}`, 'STABLE');
      await inDatabase(owner.address, database, 'SET', equal, 'the same');
      await formed.openSlot(slot, other, 'both');
    }
    if (marks === 'none')
      for (const node of [owner, other]) await formed.call(node, 'CLUSTER', 'SETSLOT', `${slot}`, 'STABLE');
    const state = newStateFolder();
    expect(await cluster(`fix ${formed.seed} --yes`, state)).toMatchObject({ code: 0 });
    const at = present(formed.primaries[end], 'the slot ends at a primary').address;
    for (const database of DATABASES) {
      expect(await valueIn(at, database, alone)).toBe(`of ${database}`);
      expect(await valueIn(at, database, equal)).toBe('the same');
    }
    const check = await redisCli(['--cluster', 'check', formed.seed], { flavor: FLAVOR });
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).not.toContain('[WARNING]');
    expect((await cluster(`fix ${formed.seed} --yes`, state)).stdout).toContain('Nothing to do');
  });
});
