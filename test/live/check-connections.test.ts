/**
 * `cluster check` beside `redis-cli --cluster check` where it is a question how to get in, and whether anybody is there.
 */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { classic, deadAddress, exits, exitsAlike, shared, UNCOVERED } from '../support/check-alike.ts';
import { redisCli } from '../support/executables.ts';
import { startServers } from '../support/servers.ts';

const PASSWORD = 'correct horse/battery:staple@%';

describe.concurrent('a cluster on IPv6', () => {
  const cluster = shared({ shards: 3, hosts: ['::1'] });

  it('is healthy for both', async () => {
    const port = `${cluster().primary(0).port}`;
    const { stdout } = await exitsAlike(0, [`::1:${port}`]);
    await exitsAlike(0, ['::1', port]);
    expect(classic((await exits(0, ['check', `[::1]:${port}`])).stdout)).toEqual(classic(stdout));
    expect(classic((await exits(0, ['check', '-u', `redis://[::1]:${port}`])).stdout)).toEqual(classic(stdout));
  });
});

describe.concurrent('a cluster with a password', () => {
  const user = 'ops on >hunter2 ~* &* +@all';
  const cluster = shared({ shards: 3, password: PASSWORD, aclUsers: [user] });
  const uri = (login: string): string => `redis://${login}@${cluster().seed}`;

  it('is healthy for both, however the password is given', async () => {
    const { seed } = cluster();
    await exitsAlike(0, [seed], { env: { REDISCLI_AUTH: PASSWORD } });
    await exitsAlike(0, [seed], {}, ['-a', PASSWORD]);
    await exitsAlike(0, [seed], {}, ['--pass', PASSWORD, '--no-auth-warning']);
    await exitsAlike(0, [seed], {}, ['-u', uri(`default:${encodeURIComponent(PASSWORD)}`)]);
    await exits(0, ['check', seed, '-a', PASSWORD]);
    // A URI without user is not understood by redis-cli 7.0, and is enough of an address for us.
    await exits(0, ['check', '-u', uri(`:${encodeURIComponent(PASSWORD)}`)]);
  });

  it('is healthy for both for a user of its own', async () => {
    const { seed } = cluster();
    await exitsAlike(0, [seed], {}, ['--user', 'ops', '-a', 'hunter2']);
    await exitsAlike(0, [seed], { env: { REDISCLI_AUTH: 'hunter2' } }, ['--user', 'ops']);
    await exitsAlike(0, [seed], {}, ['-u', uri('ops:hunter2')]);
  });

  it('tells nothing with a wrong login, and the login is not shown', async () => {
    const { seed } = cluster();
    const wrong = 'tell-nobody';
    for (const [words, env] of [
      [['-a', wrong, 'check', seed], {}],
      [['check', seed, '--json'], { REDISCLI_AUTH: wrong }],
      [['check', seed, '--user', 'ops', '--pass', wrong], {}],
      [['check', '-u', uri(`ops:${wrong}`)], {}],
      [['check', seed], {}],
    ] as const) {
      const { stdout, stderr } = await exits(3, words, { env });
      expect(stdout + stderr).toContain(`Node ${seed} refused the login`);
      expect(stdout + stderr).not.toContain(wrong);
    }
  });
});

describe.concurrent('a cluster over TLS', () => {
  const cluster = shared({ shards: 3, tls: {} });
  const ca = (): string => present(cluster().certificates, 'it speaks TLS').ca;

  it('is healthy for both', async () => {
    const { seed } = cluster();
    await exitsAlike(0, [seed], {}, ['--tls', '--cacert', ca()]);
    await exitsAlike(0, [seed], {}, ['--tls', '--insecure']);
    await exits(0, ['check', '-u', `rediss://${seed}`, '--cacert', ca()]);
    await exits(0, ['check', seed, '--tls', '--cacert', ca(), '--sni', 'localhost']);
  });

  it('tells nothing to who does not trust it, or speaks plainly', async () => {
    const { seed } = cluster();
    await exits(3, ['check', seed, '--tls']);
    await exits(3, ['check', seed, '--tls', '--cacert', ca(), '--sni', 'elsewhere']);
    await exits(3, ['check', seed, '-t', '1']);
  });
});

describe.concurrent('what is not a cluster', () => {
  it('a server that is not in cluster mode: exit 1, in the words of redis-cli', async ({ onTestFinished }) => {
    const { nodes, stop } = await startServers({ count: 1, settings: { 'cluster-enabled': 'no' } });
    onTestFinished(stop);
    const { address } = present(nodes[0], 'one was started');
    const line = `[ERR] Node ${address} is not configured as a cluster node.`;
    expect(await redisCli(['--cluster', 'check', address])).toMatchObject({ code: 1, stdout: `${line}\n` });
    const { stdout, stderr } = await exits(1, ['check', address]);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toBe(line);
  });

  it('a port where nobody listens: exit 3, in the words of redis-cli', async () => {
    const dead = await deadAddress();
    const line = `Could not connect to Redis at ${dead}: Connection refused`;
    // Who does not answer does not say what it is; valkey-cli assumes it.
    const theirs = await redisCli(['--cluster', 'check', dead]);
    expect({ ...theirs, stderr: theirs.stderr.replace('Valkey', 'Redis') }).toMatchObject({
      code: 1,
      stderr: `${line}\n`,
    });
    const { stdout, stderr } = await exits(3, ['check', dead]);
    expect(stdout).toBe('');
    expect(stderr).toContain(line);
    const { stdout: json } = await exits(3, ['check', dead, '--json']);
    expect(JSON.parse(json)).toMatchObject({ version: 1, error: { code: 'UNREACHABLE' }, exitCode: 3 });
  });

  it('a node that never met another: all slots are uncovered', async ({ onTestFinished }) => {
    const { nodes, stop } = await startServers({ count: 1 });
    onTestFinished(stop);
    const { stdout } = await exitsAlike(1, [present(nodes[0], 'one was started').address]);
    expect(stdout).toContain(UNCOVERED);
  });

  it('what is not an address: exit 2', async () => {
    for (const words of [
      ['garbage'],
      ['127.0.0.1:'],
      ['127.0.0.1:99999'],
      [':7000'],
      ['127.0.0.1:7000', 'garbage'],
      [],
    ]) {
      const { stdout, stderr } = await exits(2, ['check', ...words]);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^\[ERR\] Invalid (address format: \S|arguments: you need to pass)/);
    }
  });
});
