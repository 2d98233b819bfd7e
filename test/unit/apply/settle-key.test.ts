/** One key at two nodes: nothing goes that was not looked at, and nothing that another lacks without being kept aside. */
import { describe, expect, it } from 'vitest';
import type { ConflictDesk, Verdict } from '../../../src/lib/apply/conflicts.ts';
import { settleKey } from '../../../src/lib/apply/settle-key.ts';
import { present } from '../../../src/lib/assert.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';

const KEY = '0:k';

function twoNodes(here: string, there: string) {
  const cluster = new FakeCluster({
    shards: [
      { name: 'a', slots: [0], hasReplica: false },
      { name: 'b', slots: [], hasReplica: false },
    ],
    slotCount: 1,
    keys: new Map(),
    gossip: 'eager',
    seed: 7,
  });
  const [a, b] = [present(cluster.nodes[0], 'there is an owner'), present(cluster.nodes[1], 'there is another')];
  a.keys.set(KEY, here);
  b.keys.set(KEY, there);
  b.importing.set(0, a.id);
  const told: string[] = [];
  const settle = (verdict: Verdict) => {
    const desk: ConflictDesk = {
      left: new Set(),
      decide: () => Promise.resolve(verdict),
      leave: () => void told.push('left'),
      keepAside: ({ dump }) => void told.push(`aside ${dump}`),
    };
    const [source, target] = cluster.topology().nodes;
    const place = {
      source: present(source, 'there is an owner'),
      target: present(target, 'there is another'),
      serving: 'source' as const,
      slot: 0,
      database: 0,
    };
    return settleKey({ cluster, desk }, place, Buffer.from(KEY));
  };
  return { cluster, a, b, told, settle };
}

describe('settling a key that two nodes have', () => {
  it('lets the copy go that no client sees', async () => {
    const { a, b, told, settle } = twoNodes('v', 'v');
    expect(await settle('skip')).toBe('settled');
    expect([a.keys.get(KEY), b.keys.get(KEY), told]).toEqual(['v', undefined, []]);
  });

  it.each([
    ['source', 'here', undefined, 'aside there'],
    ['target', undefined, 'there', 'aside here'],
    ['skip', 'here', 'there', 'left'],
  ] as const)('%s of two values', async (verdict, here, there, said) => {
    const { a, b, told, settle } = twoNodes('here', 'there');
    expect(await settle(verdict)).toBe(verdict === 'skip' ? 'left' : 'settled');
    expect([a.keys.get(KEY), b.keys.get(KEY), told]).toEqual([here, there, [said]]);
  });

  it('looks again at a copy that changed since it was looked at', async () => {
    const { cluster, a, b, told, settle } = twoNodes('v', 'v');
    cluster.onChange = () => {
      if (b.watched.size > 0 && b.keys.get(KEY) === 'v') b.keys.set(KEY, 'newer');
    };
    expect(await settle('skip')).toBe('left');
    expect([a.keys.get(KEY), b.keys.get(KEY), told]).toEqual(['v', 'newer', ['left']]);
  });

  it('keeps aside what is deleted, not what was there before', async () => {
    const { cluster, b, told, settle } = twoNodes('here', 'there');
    let looks = 0;
    cluster.onChange = () => {
      if (b.watched.size === 0 || b.keys.get(KEY) !== 'there') return;
      looks += 1;
      // After it was watched for the comparison, and once more for the deletion.
      if (looks > 3) b.keys.set(KEY, 'changed');
    };
    expect(await settle('source')).toBe('settled');
    expect(told.at(-1)).toBe('aside changed');
    expect(b.keys.has(KEY)).toBe(false);
  });
});
