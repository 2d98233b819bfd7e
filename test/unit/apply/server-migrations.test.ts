/** Which migrations inside the servers are waited for, and which are not. */
import { describe, expect, it } from 'vitest';
import {
  abandonedMigrations,
  runningMigrations,
  untilServersAreDone,
} from '../../../src/lib/apply/server-migrations.ts';
import type { Flavor } from '../../../src/lib/model/flavor.ts';
import type { SlotMigration } from '../../../src/lib/model/topology.ts';
import type { Cluster } from '../../../src/lib/redis/cluster.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const flavor: Flavor = { product: 'redis', version: '8.6.3' };
const task: SlotMigration = {
  id: 'task',
  side: 'target',
  slotRanges: '0-100',
  sourceId: nodeId('a'),
  targetId: nodeId('b'),
  state: 'accumulate-buffer',
  isRunning: true,
  message: '',
  retries: 0,
};
const atSource: SlotMigration = { ...task, side: 'source', state: 'send-stream' };

/** Source a and target b, as each tells it. */
function cluster(
  source: readonly SlotMigration[],
  target: readonly SlotMigration[],
  flags: { a?: string; b?: string },
) {
  return topology()
    .primary('a', { flavor, migrations: source, flags: flags.a === undefined ? [] : [flags.a] })
    .primary('b', { flavor, migrations: target, flags: flags.b === undefined ? [] : [flags.b] })
    .build();
}

describe('a migration inside Redis', () => {
  it('is waited for once, although both sides tell of it', () => {
    const now = cluster([atSource], [task], {});
    expect(runningMigrations(now)).toHaveLength(1);
    expect(abandonedMigrations(now)).toEqual([]);
  });

  it.each([
    ['source', cluster([], [task], { a: 'fail' }), '10.0.0.2'],
    ['target', cluster([atSource], [], { b: 'fail' }), '10.0.0.1'],
  ] as const)('is abandoned where its %s has failed, at the node that is left', (_, now, host) => {
    expect(runningMigrations(now)).toEqual([]);
    expect(abandonedMigrations(now)).toMatchObject([{ at: { host }, migration: { id: 'task' } }]);
  });

  it('is abandoned where the source has failed with it and the target has given up', () => {
    const failed = { ...atSource, state: 'failed', isRunning: false };
    const now = cluster([failed], [{ ...task, state: 'canceled', isRunning: false }], {});
    expect(abandonedMigrations(now)).toMatchObject([{ at: { host: '10.0.0.1' } }]);
    expect(abandonedMigrations(cluster([failed], [{ ...task, state: 'failed' }], {}))).toEqual([]);
  });

  it('is not waited for once it has failed ten times: the operator is told how to end it', async () => {
    const now = cluster([], [{ ...task, state: 'failed', retries: 10, message: 'RDB channel broke' }], {});
    const waiting = untilServersAreDone(now, {
      cluster: { observe: async () => now } as unknown as Cluster,
      seeds: [],
      emit: () => undefined,
      signal: new AbortController().signal,
      clock: new SimulatedClock(),
    });
    await expect(waiting).rejects.toMatchObject({
      code: 'FAILED',
      message: expect.stringMatching(/It has failed 10 times .* slots 0-100 from 10\.0\.0\.1:7000 .*RDB channel broke/),
      suggestions: [expect.stringContaining('--on-migration cancel')],
    });
  });
});

it('a failed job of Valkey has ended, and is nothing to cancel', () => {
  const { retries: _, ...job } = atSource;
  const now = topology()
    .primary('a', {
      flavor: { product: 'valkey', version: '9.1.2' },
      migrations: [{ ...job, state: 'failed', isRunning: false }],
    })
    .primary('b')
    .build();
  expect(abandonedMigrations(now)).toEqual([]);
});
