/**
 * `cluster check` beside `redis-cli --cluster check`: the same verdict and the same lines on every cluster, whole or
 * broken. Each test is a transcript: what was done to the cluster, what is typed, and the exit code.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { clusterCli, home, type RunOptions, type RunResult, redisCli } from '../support/executables.ts';
import { type FormedCluster, type FormedClusterOptions, formCluster } from '../support/formed-cluster.ts';
import { reservePorts } from '../support/ports.ts';
import { startServers } from '../support/servers.ts';

const AGREE = '[OK] All nodes agree about slots configuration.';
const DISAGREE = "[ERR] Nodes don't agree about configuration!";
const COVERED = '[OK] All 16384 slots covered.';
const UNCOVERED = '[ERR] Not all 16384 slots are covered by nodes.';
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

describe.concurrent('a broken cluster', () => {
  it('a slot that nobody owns', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    await cluster.unassignSlot(5000);
    for (const { address } of cluster.nodes) {
      const { stdout } = await exitsAlike(1, [address]);
      expect(stdout).toContain(AGREE);
      expect(stdout).toContain(UNCOVERED);
      expect(stdout).toContain('No reachable primary serves slot 5000.');
    }
    const { stdout } = await exits(1, ['check', cluster.seed, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ healthy: false, slots: { covered: 16383, open: [] } });
    const gone = await shell(`{ cluster check ${cluster.seed}; echo "exit $?" >&2; } | true`);
    expect(gone.stderr).toBe('exit 1\n');
  });

  it('a slot that only its owner has let go', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    await cluster.call(cluster.primary(1), 'CLUSTER', 'DELSLOTS', '6000');
    for (const node of [cluster.primary(0), cluster.primary(1)]) {
      const { stdout } = await exitsAlike(1, [node.address]);
      expect(stdout).toContain(UNCOVERED);
    }
  });

  it('a slot that its owner alone gives to another', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    const [a, b] = [cluster.primary(0), cluster.primary(1)];
    await cluster.giveAway(100, b);
    for (const { address } of [a, b]) {
      const { stdout } = await exitsAlike(1, [address]);
      expect(stdout).toContain(DISAGREE);
      expect(stdout).toContain(UNCOVERED);
      expect(stdout).toContain(
        `Node ${a.address} disagrees with 2 nodes: it gives slot 100 to ${b.address} instead of ${a.address}.`,
      );
      const { stdout: json } = await exits(1, ['check', address, '--json']);
      expectFindingsInText(JSON.parse(json), stdout);
    }
  });

  it.for(['both', 'migrating', 'importing'] as const)('one open slot: %s', async (sides, { onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    await cluster.openSlot(100, cluster.primary(1), sides);
    const { stdout } = await exitsAlike(1, [cluster.seed]);
    expect(stdout).toContain(AGREE);
    expect(stdout).toContain('[WARNING] The following slots are open: 100.');
    expect(stdout).toContain(COVERED);
    for (const [state, node] of [
      ['migrating', cluster.primary(0)],
      ['importing', cluster.primary(1)],
    ] as const) {
      const line = `[WARNING] Node ${node.address} has slots in ${state} state 100.`;
      expect(stdout.includes(line)).toBe(sides === 'both' || sides === state);
    }
  });

  it('several open slots, on several nodes', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    for (const slot of [0, 7, 9, 5460]) await cluster.openSlot(slot, cluster.primary(1));
    await cluster.openSlot(8, cluster.primary(2));
    await cluster.openSlot(16383, cluster.primary(0));
    await cluster.openSlot(5461, cluster.primary(0), 'importing');
    const { stdout } = await exitsAlike(1, [cluster.seed]);
    expect(stdout).toContain('[WARNING] The following slots are open: 0,7,8,9,5460,5461,16383.');
    const { stdout: json } = await exits(1, ['check', cluster.seed, '--json']);
    const open = [
      [0, 0],
      [7, 9],
      [5460, 5461],
      [16383, 16383],
    ];
    expect(JSON.parse(json)).toMatchObject({ healthy: false, slots: { covered: 16384, open } });
  });

  it('keys on a node that does not own their slot', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    await cluster.plantKey(cluster.primary(0), 'foo'); // slot 12182, of the third
    await cluster.plantKey(cluster.primary(1), 'foo');
    await exitsAlike(0, [cluster.seed]);
    const { stdout } = await exitsAlike(1, [cluster.seed, '--cluster-search-multiple-owners']);
    expect(stdout).toContain('[WARNING] Slot 12182 has 3 owners:\n');
    for (const { address } of cluster.primaries) expect(stdout).toContain(`\n    ${address}\n`);
  });

  it('a primary that one node has forgotten', async ({ onTestFinished, skip }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    skip(await cluster.spreadsForgetting(), 'all nodes of this server forget together');
    const [forgetful, other] = [cluster.primary(0), cluster.primary(1)];
    await cluster.forget(cluster.primary(2), [forgetful]);
    const { stdout } = await exitsAlike(1, [forgetful.address]);
    expect(stdout).toContain(DISAGREE);
    expect(stdout).toContain(UNCOVERED);
    const { stdout: elsewhere } = await exitsAlike(1, [other.address]);
    expect(elsewhere).toContain(DISAGREE);
    expect(elsewhere).toContain(COVERED);
  });

  it('a primary that all others have forgotten', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    const forgotten = cluster.primary(2);
    await cluster.forget(forgotten, [cluster.primary(0), cluster.primary(1)]);
    const { stdout } = await exitsAlike(1, [cluster.seed]);
    expect(stdout).toContain(AGREE);
    expect(stdout).toContain(UNCOVERED);
    const { stdout: own } = await exitsAlike(1, [forgotten.address]);
    expect(own).toContain(DISAGREE);
    expect(own).toContain(COVERED);
  });

  it('a replica that the others have forgotten', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3, replicas: 1 }, onTestFinished);
    const forgotten = cluster.replica(0);
    const others = cluster.nodes.filter((node) => node !== forgotten);
    await cluster.forget(forgotten, others);
    const { stdout } = await exitsAlike(0, [cluster.seed]);
    expect(stdout).not.toContain(forgotten.address);
    await exitsAlike(0, [forgotten.address]);
  });

  it('a dead primary without replica, and one that gives no answer', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    const victim = cluster.primary(2);
    cluster.pause(victim);
    // redis-cli waits for a paused node for ever: only ours can be asked.
    const paused = await exits(1, ['check', cluster.seed, '-t', '2']);
    expect(paused.stdout).toContain(UNCOVERED);
    expect(paused.stdout).toContain(`${victim.address}: no answer within 2 s`);
    expect(paused.durationMs).toBeLessThan(10_000);
    await cluster.kill(victim);
    const { stdout } = await exitsAlike(1, [cluster.seed]);
    expect(classic(stdout)).toEqual(classic(paused.stdout));
    await cluster.untilFlagged(victim, 'fail');
    await exitsAlike(1, [cluster.seed]);
    await exits(3, ['check', victim.address]);
    await exits(1, ['check', victim.address, cluster.seed]);
  });

  it('a node that is alone, without a majority to take the others for failed', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3 }, onTestFinished);
    const [dead, gone] = [cluster.primary(1), cluster.primary(2)];
    await Promise.all([cluster.kill(dead), cluster.kill(gone)]);
    for (const node of [dead, gone]) await cluster.untilFlagged(node, 'fail?');
    const { stdout } = await exitsAlike(1, [cluster.seed]);
    expect(stdout).toContain(`Node ${dead.address} is flagged as suspected to fail by 1 of 1 other node.`);
  });

  it('a dead replica, then a dead primary, before its replica takes over and after', async ({ onTestFinished }) => {
    const cluster = await formed({ shards: 3, replicas: 1 }, onTestFinished);
    const heir = cluster.replica(1);
    const late = cluster.primaryOf(heir);
    const seed = cluster.primary(0).address;
    await cluster.call(heir, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');

    await cluster.kill(cluster.replica(0));
    const alone = await exitsAlike(0, [seed]);
    expect(alone.stdout).toContain(`Could not connect to Redis at ${cluster.replica(0).address}: Connection refused`);
    await exits(1, ['check', seed, '--strict']);
    await cluster.untilFlagged(cluster.replica(0), 'fail');
    await exitsAlike(0, [seed]);

    await cluster.kill(late);
    expect((await exitsAlike(1, [seed])).stdout).toContain(UNCOVERED);
    await cluster.untilFlagged(late, 'fail');
    expect((await exitsAlike(1, [seed])).stdout).toContain(`${late.address} had slots`);

    await cluster.call(heir, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
    await cluster.untilPromoted(heir);
    for (const { address } of [cluster.primary(0), heir]) {
      const { stdout } = await exitsAlike(0, [address]);
      expect(stdout).toContain(AGREE);
      expect(stdout).toContain(COVERED);
    }
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

/** One cluster for all tests of a group, which only look at it. */
function shared(options: FormedClusterOptions): () => FormedCluster {
  let cluster: FormedCluster | null = null;
  beforeAll(async () => {
    cluster = await formCluster(options);
  });
  afterAll(() => cluster?.stop());
  return () => present(cluster, 'it is formed before the tests of its group');
}

async function formed(
  options: FormedClusterOptions,
  onTestFinished: (stop: () => Promise<void>) => void,
): Promise<FormedCluster> {
  const cluster = await formCluster(options);
  onTestFinished(() => cluster.stop());
  return cluster;
}

/** An address where nobody listens, and no other test will. */
async function deadAddress(): Promise<string> {
  const [port] = await reservePorts(1);
  return `127.0.0.1:${port}`;
}

/** `cluster WORDS` ends with this exit code. */
async function exits(code: number, words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await clusterCli(words, options);
  expect(result, `cluster ${words.join(' ')}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
  return result;
}

/** `redis-cli LOGIN --cluster check WORDS` and `cluster LOGIN check WORDS` end with this exit code and the same lines. */
async function exitsAlike(
  code: number,
  words: readonly string[],
  options: RunOptions = {},
  login: readonly string[] = [],
): Promise<RunResult> {
  const theirs = await redisCli([...login, '--cluster', 'check', ...words], options);
  const ours = await exits(code, [...login, 'check', ...words], options);
  expect(classic(ours.stdout), ours.stdout).toEqual(classic(theirs.stdout));
  expect(theirs.code, theirs.stdout).toBe(code);
  return ours;
}

/** What redis-cli says of a cluster, in an order of its own where that of redis-cli means nothing. */
interface Classic {
  readonly shards: readonly string[];
  readonly nodes: readonly string[];
  readonly sections: readonly string[];
}

/** redis-cli's lines alone: without our details, which are indented, our further section and our verdict. */
function classic(stdout: string): Classic {
  const [head = '', body = ''] = stdout.split(/^(?=>>> Performing Cluster Check)/m);
  const [checks = ''] = body.split(/^(?:>>> Check nodes, replicas and hosts|Healthy: |Not healthy: )/m);
  const isNodeLine = (line: string): boolean => /^[MS]: |^ {3}\S/.test(line);
  const isOwner = (line: string): boolean => /^ {4}\S+:\d+$/.test(line);
  const lines = checks.split('\n').filter((line) => line !== '');
  return {
    shards: head
      .split('\n')
      .filter((line) => !line.startsWith('***'))
      .sort(),
    nodes: lines
      .filter(isNodeLine)
      .join('\n')
      .split(/\n(?=[MS]: )/)
      .sort(),
    sections: sortRuns(
      lines.filter((line) => !isNodeLine(line) && (isOwner(line) || !line.startsWith(' '))).map(sortSlots),
    ),
  };
}

/** Slots of the list of open ones, which redis-cli has in the order of its hash table. */
function sortSlots(line: string): string {
  const [start, slots] = line.split('[WARNING] The following slots are open: ');
  if (start !== '' || slots === undefined) return line;
  return slots
    .replace(/\.$/, '')
    .split(',')
    .map(Number)
    .sort((a, b) => a - b)
    .join(',');
}

/** Neighbouring lines about nodes are sorted: each names its node. */
function sortRuns(lines: readonly string[]): readonly string[] {
  const isAboutNode = (line: string | undefined): boolean => /^(\[WARNING\] Node | {4})/.test(line ?? '');
  const runs: string[][] = [];
  for (const line of lines) {
    const run = runs.at(-1);
    if (run && isAboutNode(run.at(-1)) && isAboutNode(line)) run.push(line);
    else runs.push([line]);
  }
  return runs.flatMap((run) => run.sort());
}

interface CheckDocument {
  readonly nodes: readonly { readonly id: string }[];
  readonly findings: readonly { readonly rule: string; readonly message: string }[];
}

function idsOf(document: CheckDocument): readonly string[] {
  return document.nodes.map(({ id }) => id).sort();
}

function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/^[MS]: (\w+) /gm)].map(([, id]) => id ?? '').sort();
}

function expectFindingsInText(document: CheckDocument, text: string): void {
  expect(document.findings.length).toBeGreaterThan(0);
  for (const { message } of document.findings) expect(text).toContain(message);
}

const EXECUTABLE = path.resolve(import.meta.dirname, '../../bin/run.js');

/** A line for `sh`, in which `cluster` is ours. */
function shell(line: string): Promise<Pick<RunResult, 'code' | 'stdout' | 'stderr'>> {
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, NODE: process.execPath, CLUSTER: EXECUTABLE };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'sh',
      ['-c', `cluster() { "$NODE" "$CLUSTER" "$@"; }\n${line}`],
      { env },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}
