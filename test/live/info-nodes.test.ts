/** `cluster info` beside `redis-cli --cluster info`, to the letter; and what `cluster nodes` says of nodes in trouble. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterCli, type RunResult, redisCli } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';

const KEYS = 1000;

describe('a cluster with keys and replicas', () => {
  let cluster: FormedCluster;
  beforeAll(async () => {
    cluster = await formCluster({ shards: 3, replicas: 1 });
    await cluster.putKeys(KEYS);
  });
  afterAll(() => cluster.stop());

  it('has the lines of redis-cli in its info, whichever node is asked', async () => {
    for (const { address } of [cluster.primary(0), cluster.primary(2), cluster.replica(0)]) {
      const theirs = await redisCli(['--cluster', 'info', address]);
      expect(theirs.code).toBe(0);
      const { stdout, stderr } = await exits(0, ['info', address]);
      expect(stdout.slice(0, stdout.indexOf('\n\n') + 1)).toBe(theirs.stdout);
      expect(stdout).toMatch(/^\[OK\] 1000 keys in 3 (masters|primaries)\.\n0\.06 keys per slot on average\.$/m);
      expect(stderr).toBe('');
    }
  });

  it('has every replica with its link in the table of info', async () => {
    const { stdout } = await exits(0, ['info', cluster.seed]);
    for (const { address } of cluster.replicas) expect(stdout).toContain(`${address} up`);
  });

  it('says the same in the --json of info', async () => {
    const { stdout } = await exits(0, ['info', cluster.seed, '--json']);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ version: 1, keys: KEYS, keysPerSlot: KEYS / 16384 });
    expect(document.shards).toHaveLength(3);
    for (const [index, slots] of ['0-5460', '5461-10922', '10923-16383'].entries()) {
      const { id, address } = cluster.primary(index);
      const replica = replicaOf(cluster, cluster.primary(index));
      const keys = Number(await cluster.call(cluster.primary(index), 'DBSIZE'));
      expect(document.shards).toContainEqual(
        expect.objectContaining({
          primary: { id, address, reachable: true },
          slots,
          keys,
          memoryMaxBytes: 0,
          replicas: [{ id: replica.id, address: replica.address, link: 'up' }],
        }),
      );
    }
  });

  it('has every node in the table of nodes', async () => {
    const { stdout, stderr } = await exits(0, ['nodes', cluster.seed]);
    expect(stderr).toBe('');
    for (const node of cluster.primaries) expect(rowOf(stdout, node)).toMatch(/ primary .* ok .* connected /);
    for (const node of cluster.replicas) {
      const row = rowOf(stdout, node);
      expect(row).toMatch(/ replica .* ok .* connected /);
      expect(row).toContain(cluster.primaryOf(node).address);
    }
    expect(stdout).not.toContain(cluster.primary(0).id);
    expect((await exits(0, ['nodes', cluster.seed, '--full-ids'])).stdout).toContain(cluster.primary(0).id);
  });

  it('says the same in the --json of nodes', async () => {
    const { stdout } = await exits(0, ['nodes', cluster.seed, '--json']);
    const { version, nodes } = JSON.parse(stdout);
    expect(version).toBe(1);
    expect(nodes).toHaveLength(6);
    for (const { id, address } of cluster.primaries) {
      const expected = {
        id,
        address,
        role: 'primary',
        state: 'ok',
        reachable: true,
        link: 'connected',
        primaryId: null,
      };
      expect(nodes).toContainEqual(expect.objectContaining(expected));
    }
    for (const replica of cluster.replicas) {
      const { id: primaryId, address: primaryAddress } = cluster.primaryOf(replica);
      const expected = { id: replica.id, role: 'replica', state: 'ok', slots: '', primaryId, primaryAddress };
      expect(nodes).toContainEqual(expect.objectContaining(expected));
    }
  });

  it('is explained field by field', async () => {
    const { stdout } = await exits(0, ['nodes', cluster.seed, '--explain']);
    for (const { id } of cluster.nodes) expect(stdout).toContain(id);
  });

  it('tells nothing where nobody answers, and needs an address', async () => {
    for (const command of ['info', 'nodes']) {
      await exits(2, [command]);
      await exits(2, [command, 'garbage']);
      await exits(3, [command, '127.0.0.1:1']);
    }
  });
});

describe.concurrent('a cluster in trouble', () => {
  it('shows replicas that do not answer, and then have failed', async ({ onTestFinished }) => {
    const cluster = await formCluster({ shards: 3, replicas: 1 });
    onTestFinished(() => cluster.stop());
    const [dead, paused] = [cluster.replica(0), cluster.replica(1)];
    await cluster.kill(dead);
    cluster.pause(paused);
    const early = await exits(0, ['nodes', cluster.seed, '-t', '2']);
    expect(rowOf(early.stdout, dead)).toContain('unreachable: Connection refused');
    expect(rowOf(early.stdout, paused)).toContain('unreachable: no answer within 2 s');

    await cluster.untilFlagged(dead, 'fail');
    await cluster.untilFlagged(paused, 'fail');
    const { stdout } = await exits(0, ['nodes', cluster.seed, '-t', '2']);
    expect(rowOf(stdout, dead)).toContain('failed (4 of 4); unreachable: Connection refused');
    expect(rowOf(stdout, paused)).toContain('failed (4 of 4); unreachable: no answer within 2 s');
    expect(rowOf(stdout, cluster.primary(0))).toContain(' ok ');
    const { stdout: json } = await exits(0, ['nodes', cluster.seed, '-t', '2', '--json']);
    const { nodes } = JSON.parse(json);
    const expected = { id: dead.id, role: 'replica', reachable: false, flags: ['slave', 'fail'], flavor: null };
    expect(nodes).toContainEqual(expect.objectContaining(expected));

    const info = await exits(0, ['info', cluster.seed, '-t', '2']);
    expect(info.stdout).toContain(`${dead.address} unreachable`);
    // A paused server would keep redis-cli waiting for ever.
    await cluster.kill(paused);
    const theirs = await redisCli(['--cluster', 'info', cluster.seed]);
    expect(info.stdout.slice(0, info.stdout.indexOf('\n\n') + 1)).toBe(theirs.stdout);
  });

  it('shows nodes that are only suspected, because no majority is left to agree', async ({ onTestFinished }) => {
    const cluster = await formCluster({ shards: 3 });
    onTestFinished(() => cluster.stop());
    const [dead, gone] = [cluster.primary(1), cluster.primary(2)];
    await Promise.all([cluster.kill(dead), cluster.kill(gone)]);
    for (const node of [dead, gone]) await cluster.untilFlagged(node, 'fail?');
    const { stdout } = await exits(0, ['nodes', cluster.seed]);
    for (const node of [dead, gone]) {
      expect(rowOf(stdout, node)).toContain('suspected to fail by 1 of 1; unreachable: Connection refused');
    }
  });

  it('shows a primary that is gone, with its slots, though redis-cli leaves it out', async ({ onTestFinished }) => {
    const cluster = await formCluster({ shards: 3 });
    onTestFinished(() => cluster.stop());
    const dead = cluster.primary(1);
    await cluster.openSlot(100, cluster.primary(2));
    await cluster.kill(dead);
    const theirs = await redisCli(['--cluster', 'info', cluster.seed]);
    const { stdout } = await exits(0, ['info', cluster.seed]);
    expect(stdout.slice(0, stdout.indexOf('\n\n') + 1)).toBe(theirs.stdout);
    expect(theirs.stdout).not.toContain(dead.address);
    expect(rowOf(stdout, dead)).toMatch(/ unreachable .* 5,?462 /);

    const nodes = await exits(0, ['nodes', cluster.seed]);
    expect(rowOf(nodes.stdout, dead)).toMatch(/ primary .* unreachable: Connection refused .* 5462 /);
    expect(rowOf(nodes.stdout, cluster.primary(0))).toContain(`100 to ${cluster.primary(2).id.slice(0, 8)}`);
    expect(rowOf(nodes.stdout, cluster.primary(2))).toContain(`100 from ${cluster.primary(0).id.slice(0, 8)}`);
  });
});

/** `cluster WORDS` ends with this exit code. */
async function exits(code: number, words: readonly string[]): Promise<RunResult> {
  const result = await clusterCli(words);
  expect(result, `cluster ${words.join(' ')}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
  return result;
}

/** The row of a table that is about this node; a node may also be named in rows about others, further right. */
function rowOf(table: string, { address }: ClusterNode): string {
  const rows = table.slice(table.indexOf('\n\n') + 1).split('\n');
  const places = rows.map((row) => ({ row, at: row.indexOf(`${address} `) })).filter(({ at }) => at !== -1);
  const [first] = places.sort((a, b) => a.at - b.at);
  if (first === undefined) throw new Error(`${address} is in no row of this table:\n${table}`);
  return first.row;
}

function replicaOf(cluster: FormedCluster, primary: ClusterNode): ClusterNode {
  const replica = cluster.replicas.find((each) => cluster.primaryOf(each) === primary);
  if (replica === undefined) throw new Error(`${primary.address} has no replica`);
  return replica;
}
