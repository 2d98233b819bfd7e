/** `cluster set-timeout` on real servers: set, written, reported apart, and true in its exit code. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { clusterCli, type RunOptions, type RunResult } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';

describe('set-timeout', () => {
  let cluster: FormedCluster;
  beforeAll(async () => {
    cluster = await formCluster({ shards: 3, replicas: 1, aclUsers: ['ops on >hunter2 ~* &* +@all'] });
  });
  afterAll(() => cluster.stop());

  it('sets it on every node and in every file, unattended, with the lines of redis-cli', async () => {
    const { stdout, stderr } = await exits(0, ['set-timeout', cluster.seed, '5000']);
    expect(stderr).toBe('');
    expect(stdout).toContain('>>> Reconfiguring node timeout in every cluster node...');
    for (const node of cluster.nodes) {
      expect(stdout).toContain(`\n*** New timeout set for ${node.address}\n`);
      expect(readFileSync(configFileOf(node), 'utf8')).toMatch(/^cluster-node-timeout 5000$/m);
    }
    expect(stdout).toContain('\n>>> New node timeout set. 6 OK, 0 ERR.\n');
    expect(stdout).toContain(`\nTo go back: cluster set-timeout ${cluster.seed} 2000\n`);
    expect(await timeoutsOf(cluster)).toEqual(Array(6).fill(5000));
    const back = await exits(0, ['--cluster', 'set-timeout', cluster.seed, '2000', '--json']);
    const { nodes, ...document } = JSON.parse(back.stdout);
    expect(document).toEqual({ version: 1, outcome: 'done', timeoutMs: 2000, hazards: [] });
    for (const node of nodes) expect(node).toMatchObject({ beforeMs: 5000, setError: null, rewriteError: null });
    expect(await timeoutsOf(cluster)).toEqual(Array(6).fill(2000));
  });

  it('changes nothing where it is refused, not understood, or a dry run', async () => {
    const { stderr } = await exits(4, ['set-timeout', cluster.seed, '99']);
    expect(stderr).toContain('Setting a node timeout of less than 100 milliseconds is a bad idea.');
    for (const words of [[], ['soon'], ['5e3'], ['-5'], ['5000.5'], ['99999999999999999999']])
      await exits(2, ['set-timeout', cluster.seed, ...words]);
    await exits(2, ['set-timeout', '5000']);
    const dry = await exits(0, ['set-timeout', cluster.seed, '7000', '--dry-run']);
    expect(dry.stdout).toMatch(new RegExp(`^${cluster.seed} +2000 +7000$`, 'm'));
    expect(await timeoutsOf(cluster)).toEqual(Array(6).fill(2000));
  });

  it('asks where the time is short for a cluster; the end of input is a no', async () => {
    const { stdout } = await exits(4, ['set-timeout', cluster.seed, '500']);
    expect(stdout).toContain('[WARNING] With 500 ms a node that is busy for a moment is taken for failed');
    await exits(4, ['set-timeout', cluster.seed, '500', '--json']);
    expect(await timeoutsOf(cluster)).toEqual(Array(6).fill(2000));
    await exits(0, ['set-timeout', cluster.seed, '1900'], { input: 'yes\n' });
    await exits(0, ['set-timeout', cluster.seed, '2000'], { env: { REDISCLI_CLUSTER_YES: '1' } });
  });

  it('has failed where one node refuses it: the others have it, exit 1', async () => {
    const strict = cluster.replica(1);
    await cluster.call(strict, 'ACL', 'SETUSER', 'ops', '-config|set');
    const login = ['--user', 'ops', '-a', 'hunter2'];
    const { stdout } = await exits(1, ['set-timeout', cluster.seed, '3000', ...login]);
    expect(stdout).toContain(`\nERR setting node-timeout for ${strict.address}: NOPERM `);
    expect(stdout).toContain('\n>>> New node timeout set. 5 OK, 1 ERR.\n');
    const others = cluster.nodes.filter((node) => node !== strict).map(({ address }) => address);
    expect(
      stdout
        .match(/^Before: 2000 ms on (.*)\.$/m)?.[1]
        ?.split(/, | and /)
        .sort(),
    ).toEqual(others.sort());
    expect([...(await timeoutsOf(cluster))].sort()).toEqual([2000, 3000, 3000, 3000, 3000, 3000]);
    await exits(0, ['set-timeout', cluster.seed, '2000']);
  });

  it('names a node that has it in memory only: exit 1', async () => {
    const victim = cluster.replica(2);
    const file = configFileOf(victim);
    rmSync(file);
    mkdirSync(file);
    const { stdout } = await exits(1, ['set-timeout', cluster.seed, '4000']);
    expect(stdout).toContain(
      `\n*** New timeout set for ${victim.address}\nERR setting node-timeout for ${victim.address}: set, but not rewritten: ERR `,
    );
    expect(stdout).toContain('\n>>> New node timeout set. 5 OK, 1 ERR.\n');
    expect(await timeoutsOf(cluster)).toEqual(Array(6).fill(4000));
    rmSync(file, { recursive: true });
  });

  it('asks where a node does not answer, and counts it as an error', async () => {
    const dead = cluster.replica(0);
    await cluster.kill(dead);
    const { stdout } = await exits(4, ['set-timeout', cluster.seed, '6000']);
    expect(stdout).toContain(`[WARNING] 1 node does not answer and keeps its own timeout: ${dead.address}.`);
    const forced = await exits(1, ['set-timeout', cluster.seed, '6000', '--yes']);
    expect(forced.stdout).toContain(`\nERR setting node-timeout for ${dead.address}: Could not connect`);
    expect(forced.stdout).toContain('\n>>> New node timeout set. 5 OK, 1 ERR.\n');
  });

  it('reaches nobody: exit 3', async () => {
    await exits(3, ['set-timeout', cluster.replica(0).address, '6000']);
  });
});

async function exits(code: number, words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await clusterCli(words, options);
  expect(result, `cluster ${words.join(' ')}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
  return result;
}

function configFileOf({ dir }: ClusterNode): string {
  const name = readdirSync(dir).find((file) => file.endsWith('.conf') && !file.startsWith('nodes'));
  return path.join(dir, present(name, 'a server is started with a file'));
}

function timeoutsOf(cluster: FormedCluster): Promise<readonly number[]> {
  return Promise.all(
    cluster.nodes.map(async (node) => {
      const reply = await cluster.call(node, 'CONFIG', 'GET', 'cluster-node-timeout');
      return Number((reply as readonly string[])[1]);
    }),
  );
}
