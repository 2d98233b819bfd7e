import { describe, expect, it } from 'vitest';
import { unreachable } from '../../../src/lib/check/unreachable.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('unreachable', () => {
  it('is silent where all nodes answer', () => {
    expect(unreachable.check(topology().primary('a').build())).toEqual([]);
  });

  it('names each node that does not answer, with the reason', () => {
    const cluster = topology()
      .primary('a')
      .primary('b', { unreachable: 'no address is known', flags: ['fail'] })
      .build();
    expect(unreachable.check(cluster)).toEqual([
      {
        rule: 'unreachable',
        severity: 'warning',
        message: 'Node 10.0.0.2:7000 could not be reached: no address is known.',
        nodeIds: [nodeId('b')],
        suggestion: `Start it again; if it is gone for good: cluster del-node 10.0.0.1:7000 ${nodeId('b')}`,
      },
    ]);
  });

  it('gives the slots of a lost primary an owner before it is removed', () => {
    const cluster = topology()
      .primary('a')
      .primary('b', { slots: '0-5', unreachable: 'no answer', flags: ['fail?'] })
      .build();
    expect(unreachable.check(cluster)[0]?.suggestion).toBe(
      `Start it again; if it is gone for good: cluster fix 10.0.0.1:7000, then cluster del-node 10.0.0.1:7000 ${nodeId('b')}`,
    );
  });

  it('does not have a node removed that the other nodes reach', () => {
    const cluster = topology().primary('a').primary('b', { slots: '0-5', unreachable: 'no answer' });
    expect(unreachable.check(cluster.build())[0]?.suggestion).toMatch(
      /^The other nodes have not lost it\. .*--nat-map/,
    );
    const cut = cluster.sees('a', (entries) => entries.map((entry) => ({ ...entry, link: 'disconnected' })));
    expect(unreachable.check(cut.build())[0]?.suggestion).toMatch(/^Start it again/);
  });

  it('leaves a reason that names the node as it is, because scripts know the line', () => {
    const reason = 'Could not connect to Redis at 10.0.0.2:7000: Connection refused';
    const cluster = topology().primary('a').primary('b', { unreachable: reason }).build();
    expect(unreachable.check(cluster)[0]?.message).toBe(`${reason}.`);
  });
});
