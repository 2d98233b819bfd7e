import { describe, expect, it } from 'vitest';
import { agreement } from '../../../src/lib/check/agreement.ts';
import { NO_SLOTS, type SlotSet } from '../../../src/lib/model/slot-set.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const three = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' });

function slotsOf(name: string, slots: SlotSet): Parameters<typeof three.sees>[1] {
  return (entries) => entries.map((entry) => (entry.id === nodeId(name) ? { ...entry, slots } : entry));
}

describe('agreement', () => {
  it('is silent where all views name the same owners, in whatever order', () => {
    expect(agreement.check(three.sees('b', (entries) => entries.toReversed()).build())).toEqual([]);
  });

  it('does not mind slots being moved, dead nodes and nodes without slots', () => {
    const moving = topology()
      .primary('a', { slots: '0-16383', migrating: { 5: 'b' } })
      .primary('b', { importing: { 5: 'a' } })
      .primary('c', { unreachable: 'Connection refused' });
    const forgetful = moving.sees('b', (entries) => entries.filter((entry) => entry.id !== nodeId('c')));
    expect(agreement.check(forgetful.build())).toEqual([]);
  });

  it('names the node that sees it differently, the slots, and both owners', () => {
    const cluster = three.sees('c', slotsOf('a', [[0, 5000]])).sees('c', slotsOf('b', [[5001, 10922]]));
    expect(agreement.check(cluster.build())).toEqual([
      {
        rule: 'agreement',
        severity: 'error',
        message:
          'Node 10.0.0.3:7000 disagrees with 2 nodes: it gives slots 5001-5460 to 10.0.0.2:7000 instead of 10.0.0.1:7000.',
        nodeIds: [nodeId('c')],
        slots: [[5001, 5460]],
        suggestion:
          'A change takes a moment to spread: check again. If it stays, compare with "cluster nodes 10.0.0.3:7000".',
      },
    ]);
  });

  it('puts nodes with the same view together, and believes that of the seed where two are equally large', () => {
    const four = three.primary('d', {});
    const split = four.sees('c', slotsOf('a', NO_SLOTS)).sees('d', slotsOf('a', NO_SLOTS));
    expect(agreement.check(split.build()).map(({ message }) => message)).toEqual([
      'Nodes 10.0.0.3:7000 and 10.0.0.4:7000 disagree with 2 nodes: they give slots 0-5460 to no node instead of 10.0.0.1:7000.',
    ]);
  });

  it('speaks once for each differing view', () => {
    const cluster = three.sees('b', slotsOf('c', NO_SLOTS)).sees('c', slotsOf('a', NO_SLOTS));
    expect(agreement.check(cluster.build()).map(({ nodeIds }) => nodeIds)).toEqual([[nodeId('b')], [nodeId('c')]]);
  });
});
