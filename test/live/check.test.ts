/**
 * `cluster check` beside `redis-cli --cluster check` on clusters that are well: the same verdict and the same lines.
 * Each test is a transcript: what was done to the cluster, what is typed, and the exit code.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AGREE,
  COVERED,
  classic,
  deadAddress,
  exits,
  exitsAlike,
  expectFindingsInText,
  idsIn,
  idsOf,
  shared,
  shell,
} from '../support/check-alike.ts';
import { redisCli } from '../support/executables.ts';
import { startServers } from '../support/servers.ts';

const PASSWORD = 'correct horse/battery:staple@%';

describe.concurrent('a healthy cluster of three', () => {
  const cluster = shared({ shards: 3 });
  const port = (): string => `${cluster().primary(0).port}`;

  it('is healthy for both, from each of its nodes', async () => {
    for (const { address } of cluster().nodes) {
      const { stdout, stderr } = await exitsAlike(0, [address]);
      expect(stdout).toContain(AGREE);
      expect(stdout).toContain(COVERED);
      expect(stdout).toMatch(/^Healthy: 3 nodes, 3 shards, \d warnings\.$/m);
      expect(stderr).toBe('');
    }
  });

  it('is found however its address is typed', async () => {
    await exitsAlike(0, ['127.0.0.1', port()]);
    await exitsAlike(0, [`localhost:${port()}`]);
    await exitsAlike(0, ['localhost', port()]);
    await exitsAlike(0, [`127.0.0.1:${port()}@${Number(port()) + 10000}`]);
  });

  it('is asked with the very words of redis-cli', async () => {
    const { seed } = cluster();
    const plain = await exits(0, ['check', seed]);
    for (const words of [
      ['--cluster', 'check', seed],
      ['-t', '3', '--no-auth-warning', '--cluster', 'check', seed],
      ['check', seed, '--verbose'],
    ]) {
      expect(classic((await exits(0, words)).stdout)).toEqual(classic(plain.stdout));
    }
    // What scripts have typed since there was no other way: the option before the address.
    await exits(0, ['check', '--cluster-search-multiple-owners', seed]);
  });

  it('needs one living seed, whichever it is', async () => {
    const dead = await deadAddress();
    await exits(0, ['check', dead, cluster().seed]);
    await exits(0, ['check', cluster().seed, dead]);
    await exits(0, ['check', ...cluster().nodes.map(({ address }) => address)]);
  });

  it('has no stray keys for both', async () => {
    const { stdout } = await exitsAlike(0, [cluster().seed, '--cluster-search-multiple-owners']);
    expect(stdout).toContain('[OK] No multiple owners found.');
  });

  it('says the same as text and as --json', async () => {
    const { seed, nodes } = cluster();
    const text = await exits(0, ['check', seed]);
    const { stdout, stderr } = await exits(0, ['check', seed, '--json']);
    const document = JSON.parse(stdout);
    expect(stderr).toBe('');
    expect(document).toMatchObject({ version: 1, healthy: true, seed, slots: { covered: 16384, open: [] } });
    expect(idsOf(document)).toEqual(nodes.map(({ id }) => id).sort());
    expect(idsIn(text.stdout)).toEqual(idsOf(document));
    expectFindingsInText(document, text.stdout);
  });

  it('is on one host, which is a warning: only --strict makes it exit 1', async () => {
    const text = await exits(1, ['check', cluster().seed, '--strict']);
    expect(text.stdout).toContain('[WARNING] The whole cluster, 3 nodes, is on the host 127.0.0.1');
    const { stdout } = await exits(1, ['check', cluster().seed, '--strict', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ healthy: true });
  });

  it('is shown without escape codes in a pipe, whatever the terminal', async () => {
    const { seed } = cluster();
    const env = { TERM: 'xterm-256color', COLORTERM: 'truecolor' };
    for (const words of [[seed], [seed, '--json']]) {
      const { stdout, stderr } = await exits(0, ['check', ...words], { env });
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });

  it.skipIf(!existsSync('/usr/bin/script'))('is in colour on a terminal, unless it is not wanted', async () => {
    const onTerminal = async (prefix: string, suffix = ''): Promise<boolean> => {
      const line = `TERM=xterm ${prefix} "$NODE" "$CLUSTER" check ${cluster().seed} ${suffix}`;
      const { code, stdout } = await shell(`script -qec '${line}' /dev/null </dev/null`);
      expect([code, stdout]).toEqual([0, expect.stringContaining(AGREE)]);
      return stdout.includes('\u001b[');
    };
    expect(await onTerminal('')).toBe(true);
    expect(await onTerminal('NO_COLOR=1')).toBe(false);
    expect(await onTerminal('TERM=dumb')).toBe(false);
    expect(await onTerminal('', '--no-color')).toBe(false);
  });

  it('is shown to readers that go away, and without standard input', async () => {
    const { seed } = cluster();
    const head = await shell(`{ cluster check ${seed}; echo "exit $?" >&2; } | head -1`);
    expect(head.stderr).toBe('exit 0\n');
    expect(head.stdout).toMatch(/^127\.0\.0\.1:\d+ \(\w{8}\.\.\.\) -> 0 keys \| \d+ slots \| 0 (slaves|replicas)\.\n$/);
    const gone = await shell(`{ cluster check ${seed}; echo "exit $?" >&2; } | true`);
    expect(gone.stderr).toBe('exit 0\n');
    const strict = await shell(`{ cluster check ${seed} --strict; echo "exit $?" >&2; } | true`);
    expect(strict.stderr).toBe('exit 1\n');
    expect(await shell(`cluster check ${seed} <&-`)).toMatchObject({ code: 0, stderr: '' });
  });

  it('is not troubled by a password that it does not ask for', async () => {
    // redis-cli gives up without a word.
    await exits(0, ['check', cluster().seed], { env: { REDISCLI_AUTH: PASSWORD } });
    await exits(0, ['check', '-u', `redis://:secret@${cluster().seed}`]);
  });
});

describe.concurrent('a healthy cluster with replicas on three hosts', () => {
  const cluster = shared({ shards: 3, replicas: 1, hosts: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] });

  it('is healthy for both, from a primary and from a replica', async () => {
    await exitsAlike(0, [cluster().seed]);
    await exitsAlike(0, [cluster().replica(1).address]);
  });

  it('has nothing to warn of: --strict makes no difference', async () => {
    const { stdout } = await exits(0, ['check', cluster().seed, '--strict']);
    expect(stdout).not.toContain('[WARNING]');
    expect(stdout).toMatch(/^Healthy: 6 nodes, 3 shards\.\n$/m);
  });
});

describe.concurrent('a cluster that has just been made', () => {
  it('is not said to disagree, though its nodes are still telling each other', async ({ onTestFinished }) => {
    const { nodes, stop } = await startServers({ count: 6 });
    onTestFinished(stop);
    const addresses = nodes.map(({ address }) => address);
    const created = await redisCli(['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']);
    expect(created.code).toBe(0);
    for (const address of addresses) {
      const { stdout } = await exits(0, ['check', address]);
      expect(stdout).toContain(AGREE);
      expect(stdout).toContain(COVERED);
    }
  });
});
