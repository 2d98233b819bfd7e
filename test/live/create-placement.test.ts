/** Where `cluster create` puts primaries, replicas and slots: by hosts, by zones, and as a file says. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { home } from '../support/executables.ts';
import { expectServing, type NodeState, primaryOf, withoutChange } from '../support/node-states.ts';
import { cluster, type Nodes, withNodes } from '../support/transcript.ts';

const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];

/** Each replica's address and its primary's. */
function replicasOf(nodes: Nodes, states: readonly NodeState[]): readonly (readonly [string, string])[] {
  return nodes.flatMap((node) => {
    const primary = primaryOf(states, node);
    return primary === null ? [] : [[node.address, primary] as const];
  });
}

function hostIn(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

/** What each node says of its own slots; empty for a replica. */
function slotsOf(states: readonly NodeState[]): readonly string[] {
  return states.map(({ nodes }) => /myself.* epoch \d+ ?(.*)$/m.exec(nodes.join('\n'))?.[1] ?? '');
}

function writeFile(name: string, text: string): string {
  const file = path.join(home, name);
  writeFileSync(file, text);
  return file;
}

describe('cluster create places', () => {
  it('no replica on the host of its primary', () =>
    withNodes({ count: 9, hosts: HOSTS }, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 2 --yes`);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).not.toContain('on the host of the primary');
      const replicas = replicasOf(nodes, await expectServing(nodes));
      expect(replicas).toHaveLength(6);
      for (const [replica, primary] of replicas) expect(hostIn(replica)).not.toBe(hostIn(primary));
    }));

  it('no replica in the zone of its primary', () =>
    withNodes({ count: 4, hosts: [...HOSTS, '127.0.0.4'] }, async (nodes, typed) => {
      const zones = new Map(nodes.map(({ host }, index) => [host, index % 2 === 0 ? 'a' : 'b']));
      const flags = [...zones].map(([host, zone]) => `--zone ${host}=${zone}`).join(' ');
      const run = await cluster(`create ${typed} --replicas 1 --yes ${flags}`);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toMatch(/shard +role +node +host +zone +slots/);
      const replicas = replicasOf(nodes, await expectServing(nodes));
      expect(replicas).toHaveLength(2);
      for (const [replica, primary] of replicas)
        expect(zones.get(hostIn(replica))).not.toBe(zones.get(hostIn(primary)));
    }));

  it.each(['yaml', 'json'])('what a topology file says, as %s, with its slots', (format) =>
    withNodes({ count: 5 }, async (nodes) => {
      const [a, b, c, d, e] = nodes.map(({ address }) => address);
      const layout = {
        shards: [
          { primary: c, replicas: [a, e], slots: '0-99,16383' },
          { primary: d, replicas: [b], slots: '100-16382' },
        ],
      };
      const yaml = `shards:\n  - primary: ${c}\n    replicas: [${a}, "${e}"]\n    slots: 0-99,16383\n  - primary: ${d}\n    replicas:\n      - ${b}\n    slots: 100-16382\n`;
      const file = writeFile(`layout.${format}`, format === 'yaml' ? yaml : JSON.stringify(layout));
      expect(await cluster(`create --topology ${file} --yes`)).toMatchObject({ code: 0 });
      const states = await expectServing(nodes);
      expect(slotsOf(states)).toEqual(['', '', '0-99 16383', '100-16382', '']);
      expect(nodes.map((node) => primaryOf(states, node))).toEqual([c, d, null, null, c]);
    }),
  );

  it('what a topology file says, sharing out the slots, where the same nodes are named', () =>
    withNodes({ count: 4 }, async (nodes, typed) => {
      const [a, b, c, d] = nodes.map(({ address }) => address);
      const file = writeFile(
        'shared.yaml',
        `shards:\n  - {primary: ${b}, replicas: [${a}]}\n  - {primary: ${d}, replicas: [${c}]}\n`,
      );
      const fewer = await withoutChange(nodes, () => cluster(`create ${a} ${b} ${c} --topology ${file} --yes`));
      expect(fewer).toMatchObject({ code: 4 });
      expect(fewer.stderr).toContain(`Node ${d} is in the topology file, but not among the nodes that were asked.`);
      expect(await cluster(`create ${typed} --topology ${file} --yes`)).toMatchObject({ code: 0 });
      const states = await expectServing(nodes);
      expect(slotsOf(states)).toEqual(['', '0-8191', '', '8192-16383']);
    }));
});

describe('a topology file that is not usable', () => {
  it.each([
    ['[unclosed', ['cannot be read']],
    ['shards: []', ['shards is empty']],
    ['nodes: []', ['unknown key nodes', 'shards must be a list']],
    [
      'shards:\n - {primary: nowhere, slots: 1-99999}\n - {replicas: [127.0.0.1:7001]}',
      ['shards[0].primary must be an address', 'shards[0].slots must be slots', 'shards[1].primary must be an address'],
    ],
    [
      'shards:\n - {primary: "a:1", slots: 0-10}\n - {primary: "b:1", replicas: ["a:1"], slots: 10-16000}',
      [
        'shards[1].replicas[0] is a:1, which is shards[0].primary already',
        'an earlier shard has: 10',
        'in none: 16001-16383',
      ],
    ],
    ['shards:\n - {primary: "a:1", slots: 0-10}\n - {primary: "b:1"}', ['shards[1] has no slots, but others have']],
  ])('%j: each problem is named, exit code 2', async (text, problems) => {
    const file = writeFile('bad.yaml', text);
    const run = await cluster(`create --topology ${file} --yes`);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    for (const problem of problems) expect(run.stderr).toContain(problem);
  });

  it('is not there: exit code 2', async () => {
    const run = await cluster('create --topology /nowhere.yaml --yes');
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('/nowhere.yaml cannot be read');
  });
});
