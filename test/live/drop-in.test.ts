/**
 * Scripts for `redis-cli --cluster` with the real executable: every form of an address, options on either side, exit
 * codes that are never 0 on failure, and an end of the input that ends the command.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterCli, home, type RunOptions, type RunResult } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { reservePorts } from '../support/ports.ts';
import { startServers } from '../support/servers.ts';

/** No prompt of ours takes this long to see that nobody is there. */
const AT_ONCE_MS = 20_000;

describe('a script for redis-cli', () => {
  let cluster: FormedCluster;
  beforeAll(async () => {
    cluster = await formCluster({ shards: 3, replicas: 1, password: 'secret' });
  });
  afterAll(() => cluster.stop());

  it.each(['check', 'info'])('%s: host:port and host port, options on either side', async (command) => {
    const { host, port, address } = cluster.primary(0);
    for (const line of [
      `-a secret --cluster ${command} ${address}`,
      `-a secret --no-auth-warning --cluster ${command} ${host} ${port}`,
      `--cluster ${command} ${address} -a secret`,
      `--cluster ${command} -a secret ${host} ${port}`,
      `-h ${host} -p ${port} -a secret -t 5 --cluster ${command} ${address}`,
      `-4 -a secret --cluster ${command} localhost:${port}`,
      `--user default --pass secret --cluster ${command} ${address}`,
      `-u redis://default:secret@${address} --cluster ${command} ${address}`,
      `--cluster ${command} ${address} -a secret --cluster-yes`,
    ])
      await typed(0, line);
    await typed(0, `--cluster ${command} ${address}`, { env: { REDISCLI_AUTH: 'secret' } });
    await typed(3, `--cluster ${command} ${address}`);
  });

  it('reshard and rebalance: host:port and host port, options on either side', async () => {
    const { host, port, address, id } = cluster.primary(0);
    const target = cluster.primary(1).id;
    const reshard = `--cluster-from ${id} --cluster-to ${target} --cluster-slots 2`;
    const env = { REDISCLI_AUTH: 'secret' };
    const first = await typed(0, `--cluster reshard ${address} ${reshard} --cluster-yes`, { env });
    expect(first.stdout).toContain('Ready to move 2 slots.');
    await typed(0, `${reshard} --cluster-yes --cluster reshard ${host} ${port} -a secret`);
    await typed(
      0,
      `-a secret --cluster reshard ${reshard} ${host} ${port} --cluster-timeout 5000 --cluster-pipeline 5`,
      {
        env: { REDISCLI_CLUSTER_YES: '1' },
      },
    );
    await typed(0, `--cluster reshard ${address} ${reshard}`, { env, input: 'yes\n' });
    expect(await slotsOf(cluster, 0)).toBe(5461 - 8);
    await typed(0, `--cluster rebalance ${host} ${port} --cluster-weight ${id}=1 ${target}=1 --cluster-simulate`, {
      env,
    });
    await typed(0, `--cluster rebalance --cluster-weight ${id}=1 ${target}=1 --cluster-simulate ${host} ${port}`, {
      env,
    });
    await typed(0, `--cluster-simulate --cluster-threshold 5 --cluster rebalance ${address}`, { env });
    expect(await slotsOf(cluster, 0)).toBe(5461 - 8);
    await typed(0, `--cluster rebalance ${address} --cluster-threshold 0.01 --cluster-yes`, { env });
    expect(await slotsOf(cluster, 0)).toBe(5461);
  });

  it('reshard: answers that are piped in, in the order of redis-cli', async () => {
    const { address, id } = cluster.primary(0);
    const target = cluster.primary(1).id;
    const options = { env: { REDISCLI_AUTH: 'secret' } };
    const line = `--cluster reshard ${address}`;
    const before = await slotsOf(cluster, 0);
    const asked = await typed(0, line, { ...options, input: `3\n${target}\n${id}\ndone\nyes\n` });
    expect(asked.stderr).toMatch(
      /^How many slots do you want to move \(from 1 to 16384\)\? \nWhat is the receiving node ID\?/,
    );
    expect(await slotsOf(cluster, 0)).toBe(before - 3);
    await typed(0, `${line} --cluster-slots 6 --cluster-yes`, { ...options, input: `${id}\nall` });
    expect(await slotsOf(cluster, 0)).toBe(before + 3);
    await typed(4, line, { ...options, input: `3\n${target}\n${id}\ndone\nno\n` });
    for (const input of ['3\n', `3\n${target}\n`, `3\n${target}\n${id}\n`, '\n', 'yes\n'.repeat(9)])
      await typed(2, line, { ...options, input });
    expect(await slotsOf(cluster, 0)).toBe(before + 3);
    await typed(0, `--cluster rebalance ${address} --cluster-threshold 0.01 --cluster-yes`, options);
  });

  it('call and set-timeout: options on either side', async () => {
    const { address } = cluster.primary(0);
    const { stdout } = await typed(0, `-a secret --cluster call ${address} ping --cluster-only-masters`);
    expect(stdout.match(/: PONG$/gm)).toHaveLength(3);
    await typed(0, `--cluster-only-replicas -a secret --cluster call ${address} ping`);
    await typed(0, `--cluster set-timeout ${address} 2000 -a secret`);
  });

  it('rebalance and fix, with consent in either way and the variables of valkey-cli', async () => {
    const { address, id } = cluster.primary(0);
    const login = { VALKEYCLI_AUTH: 'secret', REDISCLI_AUTH: 'of somebody else' };
    const options = { env: { ...login, REDISCLI_CLUSTER_YES: '1' } };
    await cluster.openSlot(5000, cluster.primary(1));
    const fixed = await typed(0, `--cluster fix ${address} --cluster-yes`, { env: login });
    expect(fixed.stdout).toContain('>>> Fixing open slot 5000\n');
    await typed(0, `--cluster reshard ${address} --cluster-from all --cluster-to ${id} --cluster-slots 3`, {
      env: { VALKEYCLI_CLUSTER_YES: '1', REDISCLI_AUTH: 'secret' },
    });
    await typed(0, `--cluster rebalance ${address} --cluster-threshold 0.01`, options);
    await typed(0, `--cluster rebalance ${address} --cluster-weight ${id}=0.5`, options);
    expect(await slotsOf(cluster, 0)).toBeLessThan(4000);
    await typed(0, `--cluster rebalance ${address} --cluster-threshold 0.01`, options);
    expect(await slotsOf(cluster, 0)).toBeGreaterThan(5460);
  });

  it('replies of call are read as those of redis-cli', async () => {
    const { address } = cluster.primary(0);
    const script = `cluster -a secret --cluster call ${address} info memory | grep '^maxmemory_policy:' | tr -d '\\r' | cut -d: -f2`;
    const { stdout } = await shell(script);
    expect(stdout).toBe('noeviction\n'.repeat(6));
  });

  it('says which option means nothing, on stderr, without its value', async () => {
    const { address } = cluster.primary(0);
    const { stderr } = await typed(0, `-a secret --cluster check ${address} --cluster-from-pass hunter2`);
    expect(stderr).toBe('[WARNING] --cluster-from-pass means nothing to check and is ignored, as redis-cli does.\n');
  });

  it('ends at once where the input has ended: nothing is changed, and the exit code is not 0', async () => {
    const { address, id } = cluster.primary(0);
    const before = await slotsOf(cluster, 0);
    const login = '-a secret --cluster';
    const moving = `--cluster-from ${id} --cluster-to ${cluster.primary(1).id} --cluster-slots 5`;
    for (const [code, line] of [
      [2, `${login} reshard ${address}`],
      [4, `${login} reshard ${address} ${moving}`],
      [4, `${login} rebalance ${address} --cluster-weight ${id}=0`],
      [4, `${login} call ${address} FLUSHALL`],
      [4, `${login} set-timeout ${address} 500`],
      [2, `--cluster check ${address} --askpass`],
    ] as const) {
      for (const input of ['< /dev/null', '<&-']) {
        const run = await shell(`cluster ${line} ${input}`);
        expect(run, `${line} ${input}`).toMatchObject({ code });
        // A prompt that is repeated is a loop.
        expect(run.stderr.length, run.stderr).toBeLessThan(1000);
      }
    }
    expect(await slotsOf(cluster, 0)).toBe(before);
  });
});

describe('what a script gets wrong', () => {
  it('create: the end of the input is a no', async ({ onTestFinished }) => {
    const { nodes, stop } = await startServers({ count: 3 });
    onTestFinished(stop);
    const line = `--cluster create ${nodes.map(({ address }) => address).join(' ')}`;
    await typed(4, line);
    for (const input of ['< /dev/null', '<&-'])
      expect(await shell(`cluster ${line} ${input}`)).toMatchObject({ code: 4 });
    await typed(0, `${line} --cluster-replicas 0`, { input: 'yes\n' });
  });

  it('is never exit 0', async () => {
    const [nobody] = await reservePorts(1);
    const dead = `127.0.0.1:${nobody}`;
    for (const [code, line] of [
      [3, `--cluster check ${dead}`],
      [3, `--cluster info ${dead}`],
      [3, `--cluster call ${dead} PING`],
      [3, `--cluster set-timeout ${dead} 15000`],
      [3, `--cluster rebalance ${dead} --cluster-yes`],
      [3, `--cluster reshard ${dead} --cluster-from all --cluster-to x --cluster-slots 5 --cluster-yes`],
      [2, '--cluster check'],
      [2, '--cluster check nonsense'],
      [2, '--cluster info'],
      [2, '--cluster call'],
      [2, `--cluster call ${dead}`],
      [2, '--cluster set-timeout'],
      [2, `--cluster set-timeout ${dead}`],
      [2, '--cluster create'],
      [2, '--cluster nonsense'],
      [2, `--cluster nonsense ${dead}`],
      [2, '--cluster'],
      [2, `forget ${dead}`],
      [2, `forget ${dead} ${'0'.repeat(40)} --failed`],
      [2, `--cluster check ${dead} --nonsense`],
      [2, `--nonsense --cluster check ${dead}`],
      [2, `--cluster check ${dead} --cluster-nonsense`],
      [2, `--cluster check ${dead} --cluster-simulate`],
      [2, `-a hunter2 nonsense ${dead}`],
    ] as const) {
      const { stdout, stderr } = await typed(code, line);
      expect(stdout, line).toBe('');
      expect(stderr, line).toMatch(/^(\[ERR\] \S|Could not connect)/);
      expect(stderr, line).not.toContain('hunter2');
    }
  });

  it('names the subcommand or the option that there is not', async () => {
    expect((await typed(2, '--cluster chekc h:1')).stderr).toContain('There is no command "chekc".');
    expect((await typed(2, '--cluster check h:1 --cluster-replica-count 1')).stderr).toContain(
      '--cluster-replica-count',
    );
    expect((await typed(2, '--cluster')).stderr).toContain('No command was given.');
  });

  it('help is exit 0', async () => {
    for (const line of ['--cluster help', 'help', '--help', 'check --help', 'call --help'])
      expect((await typed(0, line)).stdout).toContain('USAGE');
  });
});

/** `cluster LINE`: words parted by spaces, as there are no quotes. */
async function typed(code: number, line: string, options: RunOptions = {}): Promise<RunResult> {
  const result = await clusterCli(line.split(' '), options);
  expect(result, `cluster ${line}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
  return result;
}

async function slotsOf(cluster: FormedCluster, index: number): Promise<number> {
  const { id } = cluster.primary(index);
  const own = (await cluster.view(cluster.primary(index))).find((entry) => entry.id === id);
  return (own?.slots ?? []).reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

const EXECUTABLE = path.resolve(import.meta.dirname, '../../bin/run.js');

/** A line for `sh`, in which `cluster` is ours. Killed where it does not end. */
function shell(line: string): Promise<Pick<RunResult, 'code' | 'stdout' | 'stderr'>> {
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, NODE: process.execPath, CLUSTER: EXECUTABLE };
  return new Promise((resolve) => {
    const child = execFile(
      'sh',
      ['-c', `cluster() { "$NODE" "$CLUSTER" "$@"; }\n${line}`],
      { env, timeout: AT_ONCE_MS, killSignal: 'SIGKILL' },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
