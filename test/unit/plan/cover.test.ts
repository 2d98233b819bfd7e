import { describe, expect, it } from 'vitest';
import { shareOut } from '../../../src/lib/plan/cover.ts';
import { nodeId } from '../../support/topology-builder.ts';

const [A, B, C] = [nodeId('a'), nodeId('b'), nodeId('c')];

function counts(slots: readonly number[], have: readonly number[]): readonly number[] {
  const takers = [A, B, C].map((id, index) => ({ id, slots: have[index] ?? 0 }));
  const owners = shareOut(slots, takers);
  return [A, B, C].map((id, index) => (have[index] ?? 0) + [...owners.values()].filter((owner) => owner === id).length);
}

const ten = Array.from({ length: 10 }, (_, index) => 100 + index);

describe('sharing out slots', () => {
  it('fills up whoever has the fewest', () => {
    expect(counts(ten, [0, 0, 0]).toSorted()).toEqual([3, 3, 4]);
    expect(counts(ten, [10, 0, 0])).toEqual([10, 5, 5]);
    expect(counts(ten, [1, 3, 100])).toEqual([7, 7, 100]);
  });

  it('gives every slot to one taker, in one piece each, whatever the order of the takers', () => {
    const takers = [A, B, C].map((id) => ({ id, slots: 5 }));
    const owners = shareOut(ten, takers);
    expect([...owners.keys()]).toEqual(ten);
    const changes = ten.filter((slot, index) => index > 0 && owners.get(slot) !== owners.get(slot - 1));
    expect(changes).toHaveLength(2);
    expect(shareOut(ten, takers.toReversed())).toEqual(owners);
  });
});
