/** What a mover is given, for tests of a mover by itself. */

import type { MoveContext, MoveJob } from '../../src/lib/apply/move/move.ts';
import { Pace } from '../../src/lib/apply/move/pace.ts';
import { PACE_DEFAULTS } from '../../src/lib/apply/move/settings.ts';
import { present } from '../../src/lib/assert.ts';
import type { Cluster } from '../../src/lib/redis/cluster.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { topology } from './topology-builder.ts';

const NODES = topology()
  .primary('a', { host: '127.0.0.1', port: 7000, slots: '0-16383' })
  .primary('b', { host: '127.0.0.1', port: 7001 })
  .build().nodes;

/** Slots of `a`, 127.0.0.1:7000, that `b`, 127.0.0.1:7001, is to have. */
export function jobOf(slots: readonly number[]): MoveJob {
  const [source, target] = NODES;
  const why = 'the test cluster has two nodes';
  return { source: present(source, why), target: present(target, why), slots, bystanders: [] };
}

export interface TestContext extends MoveContext {
  readonly clock: SimulatedClock;
  readonly operator: AbortController;
  /** What was reported, a line each. */
  readonly reports: readonly string[];
}

export function contextFor(cluster: Cluster, overrides: Partial<MoveContext> = {}): TestContext {
  const clock = new SimulatedClock();
  const operator = new AbortController();
  const reports: string[] = [];
  return {
    cluster,
    pace: new Pace(() => PACE_DEFAULTS, clock),
    report: {
      opening: (slots) => void reports.push(`opening ${slots.join(',')}`),
      closed: (slots) => void reports.push(`closed ${slots.join(',')}`),
      returned: (slots) => void reports.push(`returned ${slots.join(',')}`),
      moved: (keys) => void reports.push(`moved ${keys}`),
    },
    signal: operator.signal,
    replace: false,
    migrateTimeoutMs: 1000,
    databases: [0],
    ...overrides,
    clock,
    operator,
    reports,
  };
}
