import { describe, expect, it } from 'vitest';
import { assertSlotsOwnedOnce, slotOwners } from '../../support/invariants.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const half = topology().primary('a', { slots: '0-1' });

describe('the invariants of test/support', () => {
  it('know every claim to a slot', () => {
    const cluster = half.primary('b', { slots: '1-2' }).build();
    expect([0, 1, 3].map((slot) => slotOwners(cluster, slot))).toEqual([[nodeId('a')], [nodeId('a'), nodeId('b')], []]);
  });

  it('fail where a slot has no owner, or two', () => {
    expect(() => assertSlotsOwnedOnce(half.build(), 'assigned-slots')).not.toThrow();
    expect(() => assertSlotsOwnedOnce(half.build(), 'every-slot')).toThrow('every slot has an owner, also 2-16383');
    expect(() => assertSlotsOwnedOnce(half.primary('b', { slots: '1' }).build(), 'assigned-slots')).toThrow(
      `slot 1 has one owner, not ${nodeId('a')} and ${nodeId('b')}`,
    );
  });
});
