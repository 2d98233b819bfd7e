import { describe, expect, it } from 'vitest';
import { openSlots, openSlotsOf } from '../../../src/lib/check/open-slots.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('open-slots', () => {
  it('is silent where every slot is closed', () => {
    const cluster = topology().primary('a', { slots: '0-16383' }).build();
    expect(openSlots.check(cluster)).toEqual([]);
    expect(openSlotsOf(cluster)).toEqual([]);
  });

  it('speaks for each node and each side, in the words of redis-cli', () => {
    const cluster = topology()
      .primary('a', { slots: '0-8191', migrating: { 5: 'b', 6: 'b' }, importing: { 9000: 'b' } })
      .primary('b', { slots: '8192-16383', importing: { 5: 'a' } })
      .build();
    const suggestion = 'Unless a reshard is under way: cluster fix 10.0.0.1:7000';
    expect(openSlots.check(cluster)).toEqual([
      {
        rule: 'open-slots',
        severity: 'error',
        message: 'Node 10.0.0.1:7000 has slots in migrating state 5,6.',
        nodeIds: [nodeId('a')],
        slots: [[5, 6]],
        suggestion,
      },
      {
        rule: 'open-slots',
        severity: 'error',
        message: 'Node 10.0.0.1:7000 has slots in importing state 9000.',
        nodeIds: [nodeId('a')],
        slots: [[9000, 9000]],
        suggestion,
      },
      {
        rule: 'open-slots',
        severity: 'error',
        message: 'Node 10.0.0.2:7000 has slots in importing state 5.',
        nodeIds: [nodeId('b')],
        slots: [[5, 5]],
        suggestion,
      },
    ]);
    expect(openSlotsOf(cluster)).toEqual([
      [5, 6],
      [9000, 9000],
    ]);
  });
});
