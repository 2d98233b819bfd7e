/**
 * The cases in which a command takes more rights than usual: with exactly those that docs/acl.md names it does its work,
 * is denied none, and uses each of them.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { newBackupFolder } from '../support/backup-folders.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { addressesOf, binaryKeyIn, openScene } from '../support/half-migrated.ts';
import { namesIn } from '../support/key-slot.ts';
import { putAllKinds } from '../support/keys-of-all-kinds.ts';
import { attempt, countAsTried, READING, untriedCases } from '../support/rights-trial.ts';
import { findServer } from '../support/server-binaries.ts';
import { startServers } from '../support/servers.ts';
import { startStandalone } from '../support/standalone.ts';
import { cluster } from '../support/transcript.ts';

const ALL_SLOTS = [0, 16383] as const;
const LIBRARY = "#!lua name=greetings\nredis.register_function('hello', function() return 'hello' end)";
const FROM_USER = '--from-user ops --from-pass pw';

describe('create', () => {
  async function withServers(
    count: number,
    work: (nodes: readonly string[]) => Promise<void>,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const servers = await startServers({ count, settings });
    try {
      await work(servers.nodes.map(({ address }) => address));
    } finally {
      await servers.stop();
    }
  }

  it('with replicas', () =>
    withServers(6, (nodes) =>
      attempt({
        command: 'create',
        words: `create ${nodes.join(' ')} --replicas 1 --yes`,
        nodes,
        cases: ['`create --replicas`'],
      }),
    ));

  it('of nodes that do not know their own addresses', () =>
    withServers(
      3,
      (nodes) =>
        attempt({
          command: 'create',
          words: `create ${nodes.join(' ')} --yes`,
          nodes,
          cases: ['`create`, where nodes do not know their own addresses yet'],
        }),
      { 'cluster-announce-ip': '' },
    ));

  it('takes back what it did where it may not introduce the nodes, and says so', () =>
    withServers(3, (nodes) =>
      attempt({
        command: 'create',
        words: `create ${nodes.join(' ')} --yes`,
        nodes,
        cases: ['`create` that fails and takes back what it did'],
        without: ['+cluster|meet'],
        code: 1,
      }),
    ));
});

describe('in a cluster', () => {
  let formed: FormedCluster;
  let clients: ByteClients;
  let nodes: readonly string[];

  beforeAll(async () => {
    formed = await formCluster({ shards: 3 });
    nodes = addressesOf(formed);
    await formed.putKeys(1000);
    clients = new ByteClients();
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });

  it('check that looks for keys in slots of others', () =>
    attempt({
      command: 'check',
      words: `check ${formed.seed} --search-multiple-owners`,
      nodes,
      cases: ['`check --search-multiple-owners`'],
    }));

  it('a move that finds a key on both nodes', async () => {
    const scene = await openScene(formed, clients, 500, { keys: 0 });
    const key = binaryKeyIn(500);
    await clients.call(scene.source.address, ['SET', key, 'alike']);
    await scene.plant(scene.target, 'SET', key, 'alike');
    await attempt({
      command: 'reshard',
      words: `reshard ${formed.seed} --ranges 500 --to ${scene.target.address} --yes`,
      nodes,
      cases: ['a move that finds a key on both nodes'],
    });
  });

  it('fix that finds keys of all types on both nodes', async () => {
    const slot = 510;
    const scene = await openScene(formed, clients, slot, { keys: 0 });
    const [tag = ''] = namesIn([slot, slot], 'tag:', 1);
    const writes = (value: string) => WRITES.map((write, index) => write(`{${tag}}${index}`, value));
    for (const write of writes('1')) await clients.call(scene.source.address, write);
    await clients.call(scene.source.address, ['XGROUP', 'CREATE', `{${tag}}${WRITES.length - 1}`, 'group', '0']);
    await scene.open();
    for (const write of writes('2')) await scene.asking(scene.target, ...write);
    await attempt({
      command: 'fix',
      words: `fix ${formed.seed} --yes --on-conflict source`,
      nodes,
      cases: ['`fix` that finds a key on both nodes', READING],
    });
  });

  it('fix of a slot without owner', async () => {
    await formed.unassignSlot(600);
    await attempt({
      command: 'fix',
      words: `fix ${formed.seed} --yes`,
      nodes,
      cases: ['`fix` of slots without owner'],
    });
  });

  it('add-node where there are functions', async () => {
    const servers = await startServers({ count: 1 });
    try {
      const [newcomer] = servers.nodes.map(({ address }) => address);
      const added = present(newcomer, 'one server was started');
      await formed.call(formed.primary(0), 'FUNCTION', 'LOAD', LIBRARY);
      await attempt({
        command: 'add-node',
        words: `add-node ${added} ${formed.seed} --yes`,
        nodes: [...nodes, added],
        cases: ['`add-node` in a cluster with functions'],
      });
      expect(await cluster(`del-node ${formed.seed} ${added} --yes`)).toMatchObject({ code: 0 });
    } finally {
      await servers.stop();
    }
  });

  it('import that copies, and then finds the keys there', async () => {
    const source = await startStandalone();
    try {
      await putAllKinds(clients, source.address, ALL_SLOTS, 64);
      for (const node of formed.primaries) await formed.call(node, 'FLUSHALL');
      const trial = {
        command: 'import',
        words: `import ${formed.seed} --from ${source.address} --copy --yes ${FROM_USER}`,
        nodes,
        source: { address: source.address, cases: ['`import --copy`, at the source'] },
      };
      await attempt({ ...trial, cases: [] });
      await attempt({ ...trial, cases: ['`import` that finds a key in the cluster, there'], mayRead: true });
    } finally {
      await source.stop();
    }
  });

  it('restore of functions, and then of keys that are there', async () => {
    await formed.call(formed.primary(1), 'FUNCTION', 'LOAD', 'REPLACE', LIBRARY);
    const folder = path.join(newBackupFolder(), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    for (const node of formed.primaries) {
      await formed.call(node, 'FLUSHALL');
      await formed.call(node, 'FUNCTION', 'FLUSH');
    }
    const trial = { command: 'restore', words: `restore ${folder} ${formed.seed} --yes`, nodes };
    await attempt({ ...trial, cases: ['`restore` of functions'] });
    for (const node of formed.primaries) await formed.call(node, 'FUNCTION', 'FLUSH');
    await attempt({
      ...trial,
      cases: ['`restore` that finds a key in the cluster', '`restore` of functions'],
      mayRead: true,
    });
  });

  it('a primary that is to stay one without slots', () =>
    attempt({
      command: 'reshard',
      words: `reshard ${formed.seed} --from ${formed.primary(2).address} --slots all --to ${formed.seed} --keep-primary --yes`,
      nodes,
      cases: ['`--keep-primary`, where a primary loses all its slots'],
    }));
});

describe('in a cluster that disagrees', () => {
  const cases = ['`fix` of slots with several owners', '`fix` of nodes that do not know an owner'];

  /** The second one has forgotten the first, and so hears nothing of its claim for a minute. */
  it('fix of a slot with two owners, one of which does not know the other', async ({ skip }) => {
    const formed = await formCluster({ shards: 3 });
    try {
      if (await formed.spreadsForgetting()) {
        countAsTried(cases);
        skip('who forgets makes the others forget too');
      }
      const [first, second, third] = [formed.primary(0), formed.primary(1), formed.primary(2)];
      await formed.call(first, 'CLUSTER', 'BUMPEPOCH');
      await formed.forget(first, [second]);
      await formed.call(second, 'CLUSTER', 'ADDSLOTS', '100');
      await attempt({
        command: 'fix',
        words: `fix ${third.address} --yes`,
        nodes: addressesOf(formed),
        cases,
      });
    } finally {
      await formed.stop();
    }
  });
});

const VALKEY = 'valkey-9.1';
describe('in a cluster of Valkey 9', () => {
  const cases = ['`fix --on-migration cancel`, and a move that is stopped while Valkey moves slots (Valkey 9.1.2)'];

  it('fix that cancels what the servers are moving', async ({ skip }) => {
    if (findServer(VALKEY) === null) {
      countAsTried(cases);
      skip('there is no such server');
    }
    const formed = await formCluster({ shards: 3, flavor: VALKEY });
    try {
      await formed.putKeys(3000);
      for (const node of formed.nodes) await formed.call(node, 'CONFIG', 'SET', 'rdb-key-save-delay', '20000');
      const target = formed.primary(1).id;
      await formed.call(formed.primary(0), 'CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', '0', '999', 'NODE', target);
      await attempt({
        command: 'fix',
        words: `fix ${formed.seed} --yes --on-migration cancel`,
        nodes: addressesOf(formed),
        cases,
        isValkey9: true,
      });
    } finally {
      await formed.stop();
    }
  });
});

describe('of the cases in docs/acl.md', () => {
  it('each was tried', () => {
    expect(untriedCases()).toEqual([]);
  });
});

/** One for each type; the last one makes the same entry of both values. */
const WRITES: readonly ((key: string, value: string) => readonly string[])[] = [
  (key, value) => ['SET', key, value],
  (key, value) => ['HSET', key, 'field', value],
  (key, value) => ['RPUSH', key, value],
  (key, value) => ['SADD', key, value],
  (key, value) => ['ZADD', key, value, 'member'],
  (key) => ['XADD', key, '1-1', 'field', 'value'],
];
