import { describe, expect, it } from 'vitest';
import type { MoveIntention } from '../../../src/lib/plan/move-intention.ts';
import { formatMoveIntention, parseMoveIntention } from '../../../src/lib/plan/move-intention.ts';

const INTENTIONS: readonly (readonly [MoveIntention, string])[] = [
  [
    { kind: 'reshard', slots: 300, sources: 2, targets: ['10.0.0.4:7000', '::1:7001'] },
    'reshard 300 slots from 2 primaries to 10.0.0.4:7000, ::1:7001',
  ],
  [{ kind: 'reshard', slots: 1, sources: 1, targets: ['a:1'] }, 'reshard 1 slot from 1 primary to a:1'],
  [
    { kind: 'rebalance', nodes: 3, totalWeight: 4.5, thresholdPercent: 2 },
    'rebalance 3 primaries with a total weight of 4.50 and a threshold of 2.00%',
  ],
  [
    { kind: 'rebalance', nodes: 1, totalWeight: 1e21, thresholdPercent: 0 },
    'rebalance 1 primary with a total weight of 1e+21 and a threshold of 0.00%',
  ],
];

describe('a move intention', () => {
  it.each(INTENTIONS)('%o reads as %s, and back', (intention, text) => {
    expect(formatMoveIntention(intention)).toBe(text);
    expect(parseMoveIntention(text)).toEqual(intention);
  });

  it('is not found in any other text', () => {
    expect(parseMoveIntention('create a cluster of 3 shards from 6 nodes')).toBeNull();
    expect(parseMoveIntention('undo: reshard 1 slot from 1 primary to a:1')).toBeNull();
  });
});
