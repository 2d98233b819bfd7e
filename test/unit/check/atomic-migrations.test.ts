import { describe, expect, it } from 'vitest';
import { atomicMigrations } from '../../../src/lib/check/atomic-migrations.ts';
import { nodeId, RUNNING_MIGRATION, topology } from '../../support/topology-builder.ts';

describe('atomic-migrations', () => {
  it('is silent where no migration runs any more', () => {
    const cluster = topology()
      .primary('a', { migrations: [{ ...RUNNING_MIGRATION, isRunning: false, state: 'success' }] })
      .primary('b');
    expect(atomicMigrations.check(cluster.build())).toEqual([]);
  });

  it('speaks once although both sides report it, with the state of the source', () => {
    const cluster = topology()
      .primary('b', { migrations: [{ ...RUNNING_MIGRATION, side: 'target', sourceId: null, state: 'receiving' }] })
      .primary('a', { migrations: [RUNNING_MIGRATION] })
      .build();
    expect(atomicMigrations.check(cluster)).toEqual([
      {
        rule: 'atomic-migrations',
        severity: 'note',
        message: 'The servers are moving slots 0-100,200-300 from 10.0.0.2:7000 to 10.0.0.1:7000: snapshotting.',
        nodeIds: [nodeId('b'), nodeId('a')],
        slots: [
          [0, 100],
          [200, 300],
        ],
      },
    ]);
  });

  it('does not know more than the servers say', () => {
    const alone = { ...RUNNING_MIGRATION, sourceId: null, targetId: nodeId('gone'), slotRanges: '7' };
    const cluster = topology()
      .primary('a', { migrations: [alone] })
      .build();
    expect(atomicMigrations.check(cluster)[0]?.message).toBe(
      `The servers are moving slot 7 from an unknown node to unknown node ${nodeId('gone')}: snapshotting.`,
    );
  });
});
