import { describe, expect, it } from 'vitest';
import type { SlotSet } from '../../../src/lib/model/slot-set.ts';
import { slotSetOf } from '../../../src/lib/model/slot-set.ts';
import type { Plan } from '../../../src/lib/plan/plan.ts';
import { planRebalance } from '../../../src/lib/plan/rebalance.ts';
import { planReshard } from '../../../src/lib/plan/reshard.ts';
import { renderMovePlan } from '../../../src/lib/view/move-plan.ts';
import { accepted } from '../../support/accepted.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology().primary('a', { slots: '0-16383' }).primary('b').build();

function reshard(slots: SlotSet): Plan {
  return accepted(planReshard(cluster, { to: ['10.0.0.2:7000'], amount: { kind: 'ranges', slots }, mover: 'auto' }));
}

function rebalance(useEmptyPrimaries: boolean): Plan {
  const request = { weights: new Map(), useEmptyPrimaries, thresholdPercent: 1.5, mover: 'auto' } as const;
  return accepted(planRebalance(cluster, request));
}

function lines(plan: Plan, color = false): readonly string[] {
  return renderMovePlan(plan, cluster, { color, width: null }).split('\n');
}

describe('renderMovePlan', () => {
  it('has a line for each of twenty slots, and ranges for more', () => {
    const moving = (slots: SlotSet): readonly string[] =>
      lines(reshard(slots)).filter((line) => line.startsWith('    Moving slot'));
    expect(moving([[0, 19]])).toHaveLength(20);
    expect(moving([[7, 7]])).toEqual([`    Moving slot 7 from ${nodeId('a')}`]);
    expect(
      moving([
        [0, 19],
        [30, 30],
      ]),
    ).toEqual([`    Moving slot range 0-19 30-30 from ${nodeId('a')}`]);
  });

  it('shows no more than four ranges of a pair', () => {
    const scattered = slotSetOf([1, 3, 5, 7, 9, 11]);
    expect(lines(reshard(scattered)).find((line) => line.startsWith('10.0.0.1:7000'))).toContain(
      '  1,3,5,7 and 2 more  ',
    );
  });

  it('has the table alone for a plan of another intention', () => {
    const undo = { ...reshard([[0, 9]]), intention: 'undo: reshard', hazards: [] };
    expect(lines(undo)).toEqual([
      'source         target         slots  ranges  keys  size  mover     expected',
      '10.0.0.1:7000  10.0.0.2:7000     10  0-9        -     -  key-wise         -',
    ]);
    expect(lines({ ...undo, steps: [] })).toEqual(['Nothing to do: the slots are where they should be.']);
  });

  it('says by which threshold nothing has to be rebalanced', () => {
    expect(lines(rebalance(false))).toEqual(['*** No rebalancing needed! All nodes are within the 1.50% threshold.']);
  });

  it('is coloured where redis-cli is, and only if asked to', () => {
    const control = '\u001b[';
    expect(lines(rebalance(true)).join('\n')).not.toContain(control);
    expect(lines(rebalance(true), true)[0]).toBe(
      `${control}1m>>> Rebalancing across 2 nodes. Total weight = 2.00${control}22m`,
    );
    expect(lines(rebalance(false), true)[0]).toContain(`${control}33m*** No rebalancing needed!`);
    expect(lines(rebalance(true), true).at(-1)).toContain(`${control}33m[WARNING]`);
  });
});
