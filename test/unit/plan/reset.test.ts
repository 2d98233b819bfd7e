import { describe, expect, it } from 'vitest';
import { findNode } from '../../../src/lib/model/topology.ts';
import { planReset } from '../../../src/lib/plan/reset.ts';
import { simulatePlan } from '../../../src/lib/plan/simulate.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const halfMade = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .primary('new', { lonely: true, epoch: 0 });
const all = new Set(['a', 'b', 'new'].map(nodeId));

describe('planReset', () => {
  it('resets all but those that are new already', () => {
    const planned = planReset(halfMade.build(), all, 'undo the creation of a cluster');
    expect(planned).toMatchObject({
      ok: true,
      plan: {
        intention: 'undo the creation of a cluster',
        steps: [
          { kind: 'reset', node: { id: nodeId('a'), address: '10.0.0.1:7000' } },
          { kind: 'reset', node: { id: nodeId('b') } },
        ],
        hazards: [],
      },
    });
  });

  it('makes lonely empty primaries with other ids, and has nothing left to do then', () => {
    const before = halfMade.replica('c', { of: 'a' }).build();
    const ids = new Set([...all, nodeId('c')]);
    const planned = planReset(before, ids, 'undo');
    const after = planned.ok ? simulatePlan(before, planned.plan).at(-1) : undefined;
    const again = after && planReset(after, new Set(after.nodes.map(({ id }) => id)), 'undo');
    expect(again).toMatchObject({ ok: true, plan: { steps: [] } });
    expect(after && findNode(after, nodeId('a'))).toBeUndefined();
    expect(new Set(after?.nodes.map(({ id }) => id)).size).toBe(4);
  });

  it('refuses what holds keys, what is down, and what it does not know, all at once', () => {
    const cluster = halfMade
      .primary('full', { info: { db0: 'keys=7,expires=0' } })
      .primary('down', { unreachable: 'Connection refused' });
    const planned = planReset(cluster.build(), new Set([...all, ...['full', 'down', 'gone'].map(nodeId)]), 'undo');
    expect(planned.ok ? [] : planned.refusals.map(({ rule, message }) => [rule, message])).toEqual([
      ['unknown-node', `Node ${nodeId('gone')} is to be reset, but it is not among the nodes that were asked.`],
      ['holds-keys', 'Node 10.0.0.4:7000 cannot be reset: it holds 7 keys.'],
      ['unreachable', 'Node 10.0.0.5:7000 cannot be reset: Connection refused.'],
    ]);
  });

  it('warns where a node that stays would miss it', () => {
    const planned = planReset(halfMade.build(), new Set([nodeId('b')]), 'undo');
    expect(planned.ok && planned.plan.hazards).toEqual([
      {
        name: 'still-known',
        message: 'Node 10.0.0.2:7000 is in a cluster with nodes that are not reset and will miss it: 10.0.0.1:7000.',
      },
    ]);
  });
});
