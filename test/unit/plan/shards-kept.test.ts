import { describe, expect, it } from 'vitest';
import type { Topology } from '../../../src/lib/model/topology.ts';
import { planBackup } from '../../../src/lib/plan/backup.ts';
import { movedShards } from '../../../src/lib/plan/shards-kept.ts';
import { accepted } from '../../support/accepted.ts';
import { topology } from '../../support/topology-builder.ts';

const before = topology()
  .primary('a', { slots: '0-8191', epoch: 1 })
  .primary('b', { slots: '8192-16383', epoch: 2 })
  .replica('c', { of: 'a' })
  .build();
const { shards } = accepted(planBackup(before, { prefer: 'primary', force: false, freeBytes: null }));

function moved(after: Topology): readonly string[] {
  return movedShards(shards, before, after);
}

describe('while the data was copied', () => {
  it('nothing happened', () => {
    expect(shards).toHaveLength(2);
    expect(moved(before)).toEqual([]);
  });

  it('a failover inside a shard moved no key', () => {
    const after = topology()
      .primary('c', { slots: '0-8191', epoch: 3 })
      .primary('b', { slots: '8192-16383', epoch: 2 })
      .replica('a', { of: 'c' });
    expect(moved(after.build())).toEqual([]);
  });

  it('slots went to another shard', () => {
    const after = topology()
      .primary('a', { slots: '0-8000', epoch: 1 })
      .primary('b', { slots: '8001-16383', epoch: 3 });
    expect(moved(after.build())).toEqual([
      'slots 8001-8191 left the shard of 10.0.0.1:7000',
      'slots 8001-8191 came to the shard of 10.0.0.2:7000',
    ]);
  });

  it('slots went away and came back', () => {
    const after = topology()
      .primary('a', { slots: '0-8191', epoch: 4 })
      .primary('b', { slots: '8192-16383', epoch: 3 });
    expect(moved(after.build())).toEqual([
      'slots of 10.0.0.1:7000 moved: its config epoch is 4 now',
      'slots of 10.0.0.2:7000 moved: its config epoch is 3 now',
    ]);
  });

  it('a shard was lost', () => {
    const after = topology().primary('b', { slots: '8192-16383', epoch: 2 });
    expect(moved(after.build())).toEqual(['slots 0-8191 left the shard of 10.0.0.1:7000']);
  });
});
