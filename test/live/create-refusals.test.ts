/** `cluster create` that is refused: exit code 4, every reason at once, and not a thing changed on any node. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { home } from '../support/executables.ts';
import { askEach, statesOf, withoutChange } from '../support/node-states.ts';
import { reservePorts } from '../support/ports.ts';
import { startServers } from '../support/servers.ts';
import { cluster, type Nodes, withNodes } from '../support/transcript.ts';

/** The nodes in the order of `withNodes`. */
function nth(nodes: Nodes, index: number): string {
  return present(nodes[index], 'there are as many').address;
}

describe('cluster create is refused for', () => {
  it('a node that owns slots and one that is named twice: all is said at once', () =>
    withNodes({ count: 4 }, async (nodes, typed) => {
      await askEach(nodes.slice(1, 2), [['CLUSTER', 'ADDSLOTSRANGE', '0', '99']]);
      const run = await withoutChange(nodes, () => cluster(`create ${typed} ${nth(nodes, 3)} --yes`));
      expect(run).toMatchObject({ code: 4, stdout: '' });
      expect(run.stderr).toContain(`[ERR] Node ${nth(nodes, 1)} has slots 0-99 assigned already.`);
      expect(run.stderr).toContain(`[ERR] Node ${nth(nodes, 3)} is named 2 times.`);
    }));

  it('a node with keys', () =>
    withNodes({ count: 3 }, async (nodes, typed) => {
      // A node takes keys only while all slots are served; then it loses its slots and keeps its keys.
      await askEach(nodes.slice(1, 2), [['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']]);
      await expect
        .poll(() => askEach(nodes.slice(1, 2), [['SET', 'a', '1']]).catch(String), { timeout: 15_000 })
        .toEqual([['OK']]);
      const run = await withoutChange(nodes, () => cluster(`create ${typed} --yes`));
      expect(run).toMatchObject({ code: 4, stdout: '' });
      expect(run.stderr).toContain(
        `[ERR] Node ${nth(nodes, 1)} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`,
      );
      expect(run.stderr).toContain(`${nth(nodes, 1)} holds 1 key: if nobody needs its data, send it FLUSHALL`);
    }));

  it('nodes of a cluster, one of them a replica', () =>
    withNodes({ count: 4 }, async (nodes) => {
      const [first, second, replica, fresh] = nodes.map(({ address }) => address);
      expect(await cluster(`create ${first} ${replica} --replicas 1 --yes`)).toMatchObject({ code: 0 });
      const run = await withoutChange(nodes, () => cluster(`create ${second} ${replica} ${fresh} --yes`));
      expect(run).toMatchObject({ code: 4, stdout: '' });
      expect(run.stderr).toContain(`[ERR] Node ${replica} is not empty.`);
      expect(run.stderr).toContain(`[ERR] Node ${replica} is a replica, and a cluster is made from primaries only.`);
      expect(run.stderr).toContain(
        `${replica} knows 1 other node: if it has left them for good, send it CLUSTER RESET HARD.`,
      );
    }));

  it('a node that is not in cluster mode, and an address where nobody is', () =>
    withNodes({ count: 2 }, async (nodes, typed) => {
      const plain = await startServers({ count: 1, settings: { 'cluster-enabled': 'no' } });
      const [dead] = await reservePorts(1);
      try {
        const run = await withoutChange(nodes, () =>
          cluster(`create ${typed} ${nth(plain.nodes, 0)} 127.0.0.1:${dead} --yes`),
        );
        expect(run).toMatchObject({ code: 4, stdout: '' });
        expect(run.stderr).toContain(`[ERR] Node ${nth(plain.nodes, 0)} is not configured as a cluster node.`);
        expect(run.stderr).toContain(`[ERR] Could not connect to Redis at 127.0.0.1:${dead}: Connection refused.`);
        const alone = await cluster(`create ${nth(plain.nodes, 0)} --yes`);
        expect(alone).toMatchObject({ code: 4, stdout: '' });
      } finally {
        await plain.stop();
      }
    }));

  it('one node under two names', () =>
    withNodes({ count: 2 }, async (nodes, typed) => {
      const [first] = nodes;
      const run = await withoutChange(nodes, () => cluster(`create ${typed} localhost:${first?.port} -4 --yes`));
      expect(run).toMatchObject({ code: 4, stdout: '' });
      expect(run.stderr).toContain(`${first?.address} and localhost:${first?.port} are one and the same node`);
    }));

  it('too few nodes', () =>
    withNodes({ count: 2 }, async (nodes, typed) => {
      const run = await withoutChange(nodes, () => cluster(`create ${typed} --replicas 2 --yes`));
      expect(run).toMatchObject({ code: 4, stdout: '' });
      expect(run.stderr).toContain('[ERR] 2 nodes cannot be one primary with 2 replicas.');
    }));

  it('--json without --yes, before anything is connected to', async () => {
    const [first, second, third] = (await reservePorts(3)).map((port) => `127.0.0.1:${port}`);
    const run = await cluster(`create ${first} ${second} ${third} --json`, { input: 'yes\n' });
    expect(run).toMatchObject({ code: 4, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, error: { code: 'REFUSED' }, exitCode: 4 });
    expect(run.stdout).not.toContain('Connection refused');
  });
});

describe('cluster create changes nothing', () => {
  it('with --dry-run; --plan-out writes the plan of --json', () =>
    withNodes({ count: 6 }, async (nodes, typed) => {
      const file = path.join(home, 'plan.json');
      const run = await withoutChange(nodes, () => cluster(`create ${typed} --replicas 1 -n`));
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout).toMatch(/^(Master|Primary)\[2\] -> Slots 10923 - 16383$/m);
      const json = await withoutChange(nodes, () =>
        cluster(`create ${typed} --replicas 1 --dry-run --json --plan-out ${file}`),
      );
      expect(json).toMatchObject({ code: 0, stderr: '' });
      const document = JSON.parse(json.stdout);
      expect(document).toMatchObject({ version: 1, outcome: 'planned', plan: { version: 1 } });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ ...document.plan, version: 2 });
    }));

  it('where an answer was bad usage: exit code 2', async () => {
    const lines = [
      ['create', '[ERR] Invalid arguments: you need to pass either a valid address'],
      ['create 127.0.0.1 --yes', '[ERR] Invalid address format: 127.0.0.1'],
      ['create 127.0.0.1:7000 --replicas -1', '-1'],
      ['create 127.0.0.1:7000 --zone nowhere', '--zone takes host=zone, not "nowhere"'],
      ['create 127.0.0.1:7000 --wait-timeout soon', '--wait-timeout takes seconds greater than 0, not "soon"'],
      ['create 127.0.0.1:7000 --no-such-flag', '--no-such-flag'],
      ['create 127.0.0.1:7000 --plan-out /nowhere/plan.json --topology /nowhere.yaml', '/nowhere.yaml cannot be read'],
    ] as const;
    for (const [line, said] of lines) {
      const run = await cluster(line);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain(said);
    }
  });

  it('where no node lets us in, nothing is known: exit code 3', async () => {
    const [first, second] = (await reservePorts(2)).map((port) => `127.0.0.1:${port}`);
    const run = await cluster(`create ${first} ${second} --yes`);
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain(`Could not connect to Redis at ${second}: Connection refused`);
  });

  it('on nodes that somebody has changed while the question was open', () =>
    withNodes({ count: 3 }, async (nodes, typed) => {
      expect(await cluster(`create ${typed} --yes`)).toMatchObject({ code: 0 });
      const before = await statesOf(nodes);
      expect(await cluster(`create ${typed} --yes`)).toMatchObject({ code: 4 });
      expect(await statesOf(nodes)).toEqual(before);
    }));
});
