import { describe, expect, it } from 'vitest';
import { hostMajority } from '../../../src/lib/check/host-majority.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('host-majority', () => {
  it('is silent where no host has half of the voters', () => {
    const cluster = topology()
      .primary('a', { slots: '0-5460' })
      .primary('b', { slots: '5461-10922' })
      .primary('c', { slots: '10923-16383' })
      .primary('empty', { host: '10.0.0.1', port: 7001 });
    expect(hostMajority.check(cluster.build())).toEqual([]);
  });

  it('names the host without which nothing can fail over', () => {
    const cluster = topology()
      .primary('a', { slots: '0-5460' })
      .primary('b', { slots: '5461-10922', host: '10.0.0.1', port: 7001 })
      .primary('c', { slots: '10923-16383' });
    expect(hostMajority.check(cluster.build())).toEqual([
      {
        rule: 'host-majority',
        severity: 'warning',
        message:
          'The host 10.0.0.1 has 2 of 3 primaries with slots: without it the others have no majority and cannot fail over.',
        nodeIds: [nodeId('a'), nodeId('b')],
        suggestion:
          'Swap roles with replicas elsewhere (CLUSTER FAILOVER on them) until no host has half of the primaries.',
      },
    ]);
  });

  it('names a host with exactly half: the other half is no majority', () => {
    const cluster = topology()
      .primary('a', { slots: '0-4095', host: 'x', port: 1 })
      .primary('b', { slots: '4096-8191', host: 'x', port: 2 })
      .primary('c', { slots: '8192-12287', host: 'y', port: 1 })
      .primary('d', { slots: '12288-16383', host: 'z', port: 1 });
    expect(hostMajority.check(cluster.build()).map(({ nodeIds }) => nodeIds)).toEqual([[nodeId('a'), nodeId('b')]]);
  });

  it('leaves a cluster on one host, and one of two primaries, to other rules', () => {
    const host = 'x';
    const one = topology()
      .primary('a', { slots: '0-1', host, port: 1 })
      .primary('b', { slots: '2-3', host, port: 2 })
      .primary('c', { slots: '4-5', host, port: 3 });
    const two = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' });
    expect([one, two].flatMap((cluster) => hostMajority.check(cluster.build()))).toEqual([]);
  });
});
