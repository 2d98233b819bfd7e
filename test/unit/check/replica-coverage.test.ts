import { describe, expect, it } from 'vitest';
import { replicaCoverage } from '../../../src/lib/check/replica-coverage.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const two = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' });

describe('replica-coverage', () => {
  it('is silent where each primary with slots has a healthy replica', () => {
    const cluster = two.replica('c', { of: 'a' }).replica('d', { of: 'b' }).primary('empty').build();
    expect(replicaCoverage.check(cluster)).toEqual([]);
  });

  it('lists all bare primaries in one finding; a replica that is dead or not linked guards nothing', () => {
    const cluster = two
      .replica('c', { of: 'a', unreachable: 'no answer' })
      .replica('d', { of: 'b', info: { master_link_status: 'down' } })
      .build();
    expect(replicaCoverage.check(cluster)).toEqual([
      {
        rule: 'replica-coverage',
        severity: 'warning',
        message:
          '2 primaries with slots have no healthy replica (10.0.0.1:7000 and 10.0.0.2:7000): when a primary fails, its slots are not served until it is back.',
        nodeIds: [nodeId('a'), nodeId('b')],
        slots: [[0, 16383]],
        suggestion: 'Add one: cluster add-node NEW-HOST:PORT 10.0.0.1:7000 --replica',
      },
    ]);
  });

  it('says one calm sentence of a cluster without replicas', () => {
    expect(replicaCoverage.check(two.build()).map(({ message }) => message)).toEqual([
      'This cluster has no replicas: when a primary fails, its slots are not served until it is back.',
    ]);
  });
});
