import { describe, expect, it } from 'vitest';
import { checkMultipleOwners } from '../../../src/lib/check/multiple-owners.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8000-16383' })
  .replica('c', { of: 'a' });

describe('multiple-owners', () => {
  it('is silent where slot and keys are with one primary', () => {
    const clean = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' }).build();
    expect(checkMultipleOwners(clean, new Map([[nodeId('a'), new Map([[5, 100]])]]))).toEqual([]);
  });

  it('does not ask replicas, and does not count slots without keys', () => {
    const clean = topology().primary('a', { slots: '0-16383' }).primary('b').replica('c', { of: 'a' }).build();
    const keys = new Map([
      [nodeId('b'), new Map([[5, 0]])],
      [nodeId('c'), new Map([[5, 100]])],
    ]);
    expect(checkMultipleOwners(clean, keys)).toEqual([]);
  });

  it('finds slots with two claims, and slots with keys elsewhere, in ascending order', () => {
    const two = topology().primary('a', { slots: '0-8000' }).primary('b', { slots: '8000-16383' }).build();
    const keys = new Map([[nodeId('b'), new Map([[7, 3]])]]);
    expect(checkMultipleOwners(two, keys)).toEqual([
      {
        rule: 'multiple-owners',
        severity: 'error',
        message: 'Slot 7 has 2 owners: 10.0.0.1:7000 and 10.0.0.2:7000.',
        nodeIds: [nodeId('a'), nodeId('b')],
        slots: [[7, 7]],
        suggestion: 'Settle each on one owner: cluster fix 10.0.0.1:7000 --search-multiple-owners',
      },
      {
        rule: 'multiple-owners',
        severity: 'error',
        message: 'Slot 8000 has 2 owners: 10.0.0.1:7000 and 10.0.0.2:7000.',
        nodeIds: [nodeId('a'), nodeId('b')],
        slots: [[8000, 8000]],
        suggestion: 'Settle each on one owner: cluster fix 10.0.0.1:7000 --search-multiple-owners',
      },
    ]);
  });

  it('gives one finding for each slot with several owners', () => {
    expect(checkMultipleOwners(cluster.build(), new Map())).toHaveLength(192);
  });
});
