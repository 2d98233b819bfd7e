/** `cluster call` on real servers, beside redis-cli: who is asked, what is shown, and what the exit code says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { clusterCli, type RunOptions, type RunResult, redisCli } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { reservePorts } from '../support/ports.ts';

describe('a command for every node', () => {
  let cluster: FormedCluster;
  beforeAll(async () => {
    cluster = await formCluster({ shards: 3, replicas: 1 });
  });
  afterAll(() => cluster.stop());

  it('is answered by all, the asked one first, with the lines of redis-cli', async () => {
    for (const node of [cluster.primary(1), cluster.replica(0)]) {
      const theirs = await redisCli(['--cluster', 'call', node.address, 'PING']);
      const { stdout, stderr } = await exits(0, ['call', node.address, 'PING']);
      expect(stderr).toBe('');
      expect(stdout.split('\n').slice(0, 2)).toEqual(['>>> Calling PING', `${node.address}: PONG`]);
      expect(linesAbout(stdout)).toEqual(linesAbout(theirs.stdout));
    }
  });

  it('goes to one role only where that is wanted, in both wordings', async () => {
    const asked = async (...words: readonly string[]): Promise<readonly string[]> =>
      linesAbout((await exits(0, words)).stdout);
    const pongs = (nodes: readonly ClusterNode[]): readonly string[] =>
      nodes.map(({ address }) => `${address}: PONG`).sort();
    const { seed } = cluster;
    expect(await asked('call', seed, 'PING', '--only-primaries')).toEqual(pongs(cluster.primaries));
    expect(await asked('call', seed, 'PING', '--cluster-only-masters')).toEqual(pongs(cluster.primaries));
    expect(await asked('--cluster-only-primaries', '--cluster', 'call', seed, 'PING')).toEqual(
      pongs(cluster.primaries),
    );
    expect(await asked('call', seed, '--cluster-only-replicas', 'PING')).toEqual(pongs(cluster.replicas));
    expect(await asked('call', '-u', `redis://${seed}`, '--only-replicas', 'PING')).toEqual(pongs(cluster.replicas));
  });

  it('has the lines of a long reply as redis-cli has them', async () => {
    for (const command of [
      ['CONFIG', 'GET', 'maxmemory-policy'],
      ['INFO', 'keyspace'],
    ]) {
      const theirs = await redisCli(['--cluster', 'call', cluster.seed, ...command]);
      const { stdout } = await exits(0, ['call', cluster.seed, ...command]);
      expect(repliesIn(stdout)).toEqual(repliesIn(theirs.stdout.replaceAll('\r', '')));
    }
  });

  it('has every line of a long reply under its node where that is wanted', async () => {
    const every = ['--label', 'every-line'];
    const { stdout } = await exits(0, ['call', cluster.seed, ...every, 'CONFIG', 'GET', 'maxmemory*']);
    for (const { address } of cluster.nodes) expect(stdout).toContain(`\n${address}: maxmemory\n${address}: 0\n`);
    const info = await exits(0, ['call', cluster.seed, 'INFO', 'replication', '--only-replicas', ...every]);
    const lines = info.stdout.trimEnd().split('\n').slice(1);
    for (const line of lines) expect(line).toMatch(/^127\.0\.0\.1:\d+: \S/);
    expect(lines.filter((line) => line.endsWith(': role:slave'))).toHaveLength(3);
  });

  it('takes arguments that begin with - after --, and its last argument byte for byte from a pipe', async () => {
    const echo = ['EVAL', 'return ARGV[1]', '0'];
    const dashed = await exits(0, ['call', cluster.seed, '--only-primaries', '--', ...echo, '--json']);
    expect(dashed.stdout).toContain(`\n${cluster.seed}: --json\n`);
    const piped = await exits(0, ['call', cluster.seed, '-x', '--json', ...echo], { input: 'a\nb\u0000c\n' });
    for (const { reply } of JSON.parse(piped.stdout).nodes) expect(reply).toBe('a\nb\u0000c\n');
    const { stderr } = await exits(2, ['call', cluster.seed, ...echo, '--bogus']);
    expect(stderr).toContain('[ERR] Nonexistent flag: --bogus\n');
    expect(stderr).toContain('go after --');
  });

  it('arrives word for word, in its order, also where words occur twice', async () => {
    const script = 'return table.concat(ARGV, " ")';
    const words = ['a', 'b', 'a', '1', '3', '1', '', '3'];
    const { stdout } = await exits(0, ['call', cluster.seed, '-t', '3', 'EVAL', script, '0', ...words, '--json', '-q']);
    for (const { reply } of JSON.parse(stdout).nodes) expect(reply).toBe(words.join(' '));
  });

  it('says the same as --json, where bytes that are no text are base64', async () => {
    const script = 'return {1, false, string.char(255, 0), {redis.error_reply("ERR bad")}}';
    const { stdout, stderr } = await exits(0, ['call', cluster.seed, '--json', 'EVAL', script, '0']);
    expect(stderr).toBe('');
    const { nodes, ...document } = JSON.parse(stdout);
    expect(document).toEqual({ version: 1, outcome: 'done', command: ['EVAL', script, '0'] });
    expect(nodes).toHaveLength(6);
    expect(nodes[0]).toEqual({
      id: cluster.primary(0).id,
      address: cluster.seed,
      role: 'primary',
      reply: [1, null, { base64: '/wA=' }, [{ error: 'ERR bad' }]],
    });
  });

  it('has failed where one node refuses it: exit 1, and it is named', async () => {
    const theirs = await redisCli(['--cluster', 'call', cluster.seed, 'NONSENSE']);
    expect(theirs.code).toBe(0);
    const { stdout, stderr } = await exits(1, ['call', cluster.seed, 'NONSENSE']);
    expect(linesAbout(stdout).map(errorOnly)).toEqual(linesAbout(theirs.stdout).map(errorOnly));
    expect(stderr).toMatch(/^\[ERR\] 6 of 6 nodes failed: /);
    const json = await exits(1, ['call', cluster.seed, 'NONSENSE', '--json']);
    const { outcome, nodes } = JSON.parse(json.stdout);
    expect(outcome).toBe('failed');
    expect(nodes[0].error).toEqual({ kind: 'error-reply', message: expect.stringMatching(/^ERR unknown command/) });
  });

  it('that is dangerous is not sent without consent', async () => {
    await cluster.putKeys(30);
    const { seed } = cluster;
    const refused = await exits(4, ['call', seed, 'FLUSHALL']);
    expect(refused.stdout).toContain('[WARNING] FLUSHALL: It deletes keys');
    await exits(4, ['call', seed, 'FLUSHALL'], { input: 'no\n' });
    // Refused before anything is connected to.
    const [nobody] = await reservePorts(1);
    await exits(4, ['call', `127.0.0.1:${nobody}`, 'FLUSHALL', '--json']);
    const dry = await exits(0, ['call', seed, 'flushall', '--dry-run', '--only-primaries']);
    expect(dry.stdout).toContain('Would be sent to 3 nodes: ');
    expect(await keysOf(cluster)).toBe(30);
    const everywhere = await exits(1, ['call', seed, 'FLUSHALL', '--yes']);
    expect(everywhere.stderr).toContain('Replicas take no writes: add --only-primaries.');
    expect(await keysOf(cluster)).toBe(0);
    await cluster.putKeys(30);
    await exits(0, ['call', seed, 'FLUSHALL', '--only-primaries'], { input: 'yes\n' });
    expect(await keysOf(cluster)).toBe(0);
  });

  it('is not sent beside another run where it is dangerous', async () => {
    const { seed } = cluster;
    await cluster.call(cluster.primary(1), 'CLIENT', 'SETNAME', 'redis-cluster-ops:another');
    const { stderr } = await exits(4, ['call', seed, 'FLUSHALL', '--only-primaries', '--yes']);
    expect(stderr).toContain('Another run, another, is at work on this cluster');
    await exits(0, ['call', seed, 'DBSIZE']);
    await exits(0, ['call', seed, 'FLUSHALL', '--only-primaries', '--yes', '--force']);
    await cluster.call(cluster.primary(1), 'CLIENT', 'SETNAME', '');
  });

  it('that never ends is refused: exit 4', async () => {
    const { stderr } = await exits(4, ['call', cluster.seed, 'MONITOR']);
    expect(stderr).toContain('[ERR] MONITOR has no single reply');
  });

  it('does not tell a password that it holds', async () => {
    for (const words of [
      ['CONFIG', 'SET', 'masterauth', 'hunter2'],
      ['ACL', 'SETUSER', 'ops', '>hunter2', 'nonsense>hunter2'],
    ]) {
      for (const json of [[], ['--json']]) {
        const { stdout, stderr } = await clusterCli(['call', cluster.seed, ...words, ...json]);
        expect(stdout).toContain('***');
        expect(stdout + stderr).not.toContain('ACL SETUSER ops >hunter2');
        expect(stdout + stderr).not.toContain('masterauth hunter2');
      }
    }
    await exits(0, ['call', cluster.seed, 'CONFIG', 'SET', 'masterauth', '']);
  });

  it.each([
    [[]],
    [['PING']],
    [['127.0.0.1']],
    [['127.0.0.1', '7000', 'PING']],
    [['127.0.0.1:7000']],
    [['127.0.0.1:7000', 'PING', '--timeout', '0']],
    [['127.0.0.1:7000', 'PING', '--only-primaries', '--only-replicas']],
  ])('is not understood: %j', async (words) => {
    const { stdout, stderr } = await exits(2, ['call', ...words]);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^\[ERR\] /);
  });
});

describe('nodes that do not answer', () => {
  it('are named within the time that was given, and the others have answered', async ({ onTestFinished }) => {
    const cluster = await formCluster({ shards: 3, replicas: 1 });
    onTestFinished(() => cluster.stop());
    const [paused, dead] = [cluster.replica(0), cluster.replica(1)];
    cluster.pause(paused);
    await cluster.kill(dead);
    const { stdout, stderr, durationMs } = await exits(1, ['call', cluster.seed, '-t', '1', 'PING']);
    expect(durationMs).toBeLessThan(15_000);
    expect(stdout).toContain(`\n${paused.address}: Failed! `);
    expect(stdout).toContain(
      `\n${dead.address}: Failed! Could not connect to Redis at ${dead.address}: Connection refused`,
    );
    for (const { address } of [...cluster.primaries, cluster.replica(2)])
      expect(stdout).toContain(`\n${address}: PONG\n`);
    expect(stderr).toContain('[ERR] 2 of 6 nodes failed: ');
    const json = await exits(1, ['call', cluster.seed, '-t', '1', 'PING', '--json']);
    const failed = JSON.parse(json.stdout).nodes.filter(({ error }: { readonly error?: object }) => error);
    expect(failed.map(({ address }: ClusterNode) => address).sort()).toEqual([paused.address, dead.address].sort());
    await exits(0, ['call', cluster.seed, 'PING', '--only-primaries']);
    // The third replica is the only one left; without it nobody who is asked can be reached.
    await cluster.kill(cluster.replica(2));
    await exits(3, ['call', cluster.seed, '-t', '1', 'PING', '--only-replicas']);
    await exits(3, ['call', dead.address, 'PING']);
  });

  it('a command that takes longer than --timeout has failed on that node', async ({ onTestFinished }) => {
    const cluster = await formCluster({ shards: 3 });
    onTestFinished(() => cluster.stop());
    const slow = ['WAIT', '1', '3000'];
    const { stdout } = await exits(1, ['call', cluster.seed, ...slow, '--timeout', '0.5']);
    expect(stdout).toContain('no answer within 0.5 s');
    // Longer than the session's own bound for an answer.
    await exits(0, ['call', cluster.seed, '-t', '1', '--timeout', '30', ...slow]);
  });

  it('SHUTDOWN: the end of the connection is its success', async ({ onTestFinished }) => {
    const cluster = await formCluster({ shards: 3 });
    onTestFinished(() => cluster.stop());
    await exits(0, ['call', cluster.seed, 'SHUTDOWN', 'NOSAVE', '--yes']);
    await eventually(() => exits(3, ['call', cluster.seed, 'PING']), { what: 'all are gone' });
  });
});

async function exits(code: number, words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await clusterCli(words, options);
  expect(result, `cluster ${words.join(' ')}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
  return result;
}

/** The lines that begin with a node, sorted: redis-cli has an order of its own after the first. */
function linesAbout(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .filter((line) => /^127\.0\.0\.1:\d+: /.test(line))
    .sort();
}

/** What each node has replied, its lines together. */
function repliesIn(stdout: string): readonly string[] {
  return stdout
    .trimEnd()
    .split(/\n(?=127\.0\.0\.1:\d+: )/)
    .slice(1)
    .map((reply) => reply.trimEnd())
    .sort();
}

/** Servers put what they did not understand after it, some with a space at the end. */
function errorOnly(line: string): string {
  return line.replace(/,.*/, '');
}

async function keysOf(cluster: FormedCluster): Promise<number> {
  const counts = await Promise.all(cluster.primaries.map((node) => cluster.call(node, 'DBSIZE')));
  return counts.reduce<number>((sum, count) => sum + Number(count), 0);
}
