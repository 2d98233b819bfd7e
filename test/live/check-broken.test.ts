/**
 * `cluster check` beside `redis-cli --cluster check` on clusters that are broken: the same verdict and the same lines.
 */
import { describe, expect, it } from 'vitest';
import {
  AGREE,
  COVERED,
  classic,
  DISAGREE,
  exits,
  exitsAlike,
  expectFindingsInText,
  formed,
  shell,
  UNCOVERED,
} from '../support/check-alike.ts';

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
