/** Valkey 9 knows several logical databases in a cluster: a slot moves with its keys in all of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { namesIn } from '../support/key-slot.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const FLAVOR = 'valkey-9.1';
const DATABASES = [0, 1, 3] as const;
const RANGE = [100, 119] as const;
const KEYS = 60;

describe.runIf(findServer(FLAVOR) !== null)('a slot with keys in several databases', () => {
  let formed: FormedCluster;
  const names = namesIn(RANGE, 'key:', KEYS);

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, flavor: FLAVOR, settings: { 'cluster-databases': '4' } });
    for (const database of DATABASES) {
      await formed.call(formed.primary(0), 'SELECT', `${database}`);
      for (const name of names) await formed.call(formed.primary(0), 'SET', name, `${name} in ${database}`);
    }
  });
  afterAll(() => formed?.stop());

  /** The values of all keys in a database of the node. */
  async function values(node: ClusterNode, database: number): Promise<readonly unknown[]> {
    await formed.call(node, 'SELECT', `${database}`);
    return Promise.all(names.map((name) => formed.call(node, 'GET', name)));
  }

  it.each([
    ['key-wise', 0, 1],
    ['atomic', 1, 2],
  ] as const)('%s', async (mover, from, to) => {
    const [source, target] = [formed.primary(from), formed.primary(to)];
    const line = `reshard ${formed.seed} --ranges 100-119 --to ${target.address} --mover ${mover} --yes`;
    expect(await cluster(line, newStateFolder())).toMatchObject({ code: 0 });
    for (const database of DATABASES) {
      expect(await values(target, database)).toEqual(names.map((name) => `${name} in ${database}`));
      await formed.call(source, 'SELECT', `${database}`);
      expect(await formed.call(source, 'DBSIZE')).toBe(0);
    }
  });
});
