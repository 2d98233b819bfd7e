/** Plans for a thousand primaries are quick, not counting the health check that comes before them. */
import { describe, expect, it } from 'vitest';
import { checkTopology } from '../../../src/lib/check/rules.ts';
import { formatSlots } from '../../../src/lib/model/slot-set.ts';
import type { Topology } from '../../../src/lib/model/topology.ts';
import type { Planned } from '../../../src/lib/plan/plan.ts';
import { planRebalance } from '../../../src/lib/plan/rebalance.ts';
import { planReshard } from '../../../src/lib/plan/reshard.ts';
import { slotShares } from '../../../src/lib/plan/slot-shares.ts';
import { cpuMsOf } from '../../support/cpu-time.ts';
import { topology } from '../../support/topology-builder.ts';

const PLANNING_MS_MAX = 500;
const RUNS = 3;

/** 900 primaries that share all slots, and 100 new ones. */
function thousand(): Topology {
  const shares = slotShares(900);
  let builder = topology();
  for (let index = 0; index < 1000; index++) {
    const host = `10.0.${index >> 8}.${index & 255}`;
    builder = builder.primary(`p${index}`, { host, slots: formatSlots(shares[index] ?? []) });
  }
  return builder.build();
}

/** The least of some runs, because other work on the machine only ever adds. */
function leastMs(work: () => unknown): number {
  return Math.min(...Array.from({ length: RUNS }, () => cpuMsOf(work)));
}

describe('a thousand primaries', { timeout: 60_000 }, () => {
  const cluster = thousand();
  // Done beforehand: each topology is checked once, and that is not measured here.
  checkTopology(cluster);

  it.each<readonly [string, () => Planned]>([
    [
      'rebalanced',
      () => planRebalance(cluster, { weights: new Map(), useEmptyPrimaries: true, thresholdPercent: 2, mover: 'auto' }),
    ],
    [
      'resharded',
      () =>
        planReshard(cluster, {
          from: 'all',
          to: ['10.0.3.132:7000', '10.0.3.133:7000'],
          amount: { kind: 'count', slots: 8000 },
          mover: 'auto',
        }),
    ],
  ])('are %s within half a second', (_, plan) => {
    expect(plan()).toMatchObject({ ok: true });
    expect(leastMs(plan)).toBeLessThan(PLANNING_MS_MAX);
  });
});
