/** `cluster create` in all the ways it is typed: each test is a transcript, and what it leaves serves at its return. */
import { describe, expect, it } from 'vitest';
import { expectEmptyAndAlone, expectServing, type NodeState, withoutChange } from '../support/node-states.ts';
import { cluster, withNodes } from '../support/transcript.ts';

function replicaCount(states: readonly NodeState[]): number {
  return states.filter(({ replication }) => replication['role'] === 'slave').length;
}

describe.concurrent('cluster create', () => {
  it('3 nodes', () =>
    withNodes({ count: 3 }, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --yes`);
      expect(run).toMatchObject({ code: 0 });
      expect(replicaCount(await expectServing(nodes))).toBe(0);
      // valkey-cli has words of its own.
      expect(run.stdout).toMatch(/^>>> Performing hash slots allocation on 3 node(s|\(s\))\.{3}$/m);
      expect(run.stdout).toMatch(/^(Master|Primary)\[0\] -> Slots 0 - 5460$/m);
      expect(run.stdout).toContain('[OK] All nodes agree about slots configuration.');
      expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    }));

  it.each(['--replicas 1 --yes', '--cluster-replicas 1 --cluster-yes'])('6 nodes %s', (flags) =>
    withNodes({ count: 6 }, async (nodes, typed) => {
      const run = await cluster(`create ${typed} ${flags}`);
      expect(run).toMatchObject({ code: 0 });
      expect(replicaCount(await expectServing(nodes))).toBe(3);
      expect(run.stdout).toContain(`Adding replica ${nodes[3]?.address} to ${nodes[0]?.address}`);
    }),
  );

  it('7 nodes, 1 replica: the one that is left over is not left out', () =>
    withNodes({ count: 7 }, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 -y`);
      expect(run).toMatchObject({ code: 0 });
      expect(replicaCount(await expectServing(nodes))).toBe(4);
      expect(run.stdout).toContain('Adding extra replicas...');
    }));

  it.each([
    ['REDISCLI_CLUSTER_YES=1', { env: { REDISCLI_CLUSTER_YES: '1' } }],
    ['echo yes |', { input: 'yes\n' }],
  ] as const)('%s cluster create', (_, options) =>
    withNodes({ count: 3 }, async (nodes, typed) => {
      expect(await cluster(`create ${typed}`, options)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }),
  );

  it.each([
    ['echo no |', 'no\n', 'Not accepted, so nothing was changed.'],
    ['echo yes please |', 'yes please\n', 'Not accepted, so nothing was changed.'],
    ['with the input closed', '', 'No answer was given, so nothing was changed.'],
  ])('%s cluster create', (_, input, said) =>
    withNodes({ count: 3 }, async (nodes, typed) => {
      const run = await withoutChange(nodes, () => cluster(`create ${typed}`, { input }));
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr.match(/Can I set the above configuration\?/g)).toHaveLength(1);
      expect(run.stderr).toContain(said);
    }),
  );

  it.each([
    ['options before the command', (typed: string) => `-a pw --no-auth-warning create ${typed} --yes`],
    ['options before the addresses', (typed: string) => `create --replicas 0 -a pw --yes ${typed}`],
    ["redis-cli's --cluster create", (typed: string) => `-a pw --cluster create ${typed} --cluster-yes`],
    ['options between the addresses', (typed: string) => `create ${typed.replace(' ', ' -a pw ')} --yes`],
  ])('%s', (_, line) =>
    withNodes({ count: 3, password: 'pw' }, async (nodes, typed) => {
      expect(await cluster(line(typed))).toMatchObject({ code: 0 });
      await expectServing(nodes, { password: 'pw', cli: ['-a', 'pw', '--no-auth-warning'] });
    }),
  );

  it.each([
    [1, 'With 1 primary nobody is left to vote when it fails'],
    [2, 'With 2 primaries no majority is left to vote when one fails'],
  ])('%i primaries: the hazard is named, and consent is enough', (count, hazard) =>
    withNodes({ count }, async (nodes, typed) => {
      const run = await cluster(`create ${typed}`, { input: 'yes\n' });
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toContain(`[WARNING] ${hazard}`);
      await expectServing(nodes);
    }),
  );

  it('two at once on the same nodes: one wins or none does', () =>
    withNodes({ count: 6 }, async (nodes, typed) => {
      const runs = await Promise.all([1, 2].map(() => cluster(`create ${typed} --replicas 1 --yes`)));
      const codes = runs.map(({ code }) => code);
      expect(codes.filter((code) => code === 0).length).toBeLessThan(2);
      if (codes.includes(0)) await expectServing(nodes);
      else await expectEmptyAndAlone(nodes);
      for (const code of codes) expect([0, 1, 4]).toContain(code);
    }));
});
