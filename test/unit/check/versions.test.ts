import { describe, expect, it } from 'vitest';
import { versions } from '../../../src/lib/check/versions.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('versions', () => {
  it('is silent where all nodes that answer run the same', () => {
    const cluster = topology().primary('a').primary('b').primary('c', { unreachable: 'no answer' });
    expect(versions.check(cluster.build())).toEqual([]);
  });

  it('groups the nodes by what they run, and points at the smaller groups', () => {
    const cluster = topology()
      .primary('a', { flavor: { product: 'valkey', version: '9.1.2' } })
      .primary('b')
      .primary('c')
      .build();
    expect(versions.check(cluster)).toEqual([
      {
        rule: 'versions',
        severity: 'warning',
        message:
          'The nodes run different versions: Valkey 9.1.2 (10.0.0.1:7000); Redis 7.0.15 (10.0.0.2:7000 and 10.0.0.3:7000).',
        nodeIds: [nodeId('a')],
        suggestion: 'Finish the upgrade before slots are moved.',
      },
    ]);
  });
});
