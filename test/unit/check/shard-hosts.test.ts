import { describe, expect, it } from 'vitest';
import { shardHosts } from '../../../src/lib/check/shard-hosts.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('shard-hosts', () => {
  it('is silent where each shard with replicas is on two hosts', () => {
    const cluster = topology()
      .primary('a', { host: '10.0.0.1' })
      .replica('b', { of: 'a', host: '10.0.0.2' })
      .primary('c', { host: '10.0.0.2', port: 7001 })
      .build();
    expect(shardHosts.check(cluster)).toEqual([]);
  });

  it('names a shard that is on one host', () => {
    const cluster = topology()
      .primary('a', { host: '10.0.0.1', slots: '0-16383' })
      .primary('b', { host: '10.0.0.2' })
      .replica('c', { of: 'a', host: '10.0.0.1', port: 7001 })
      .build();
    expect(shardHosts.check(cluster)).toEqual([
      {
        rule: 'shard-hosts',
        severity: 'warning',
        message: 'The shard of 10.0.0.1:7000 (slots 0-16383) is entirely on the host 10.0.0.1: 2 nodes.',
        nodeIds: [nodeId('a'), nodeId('c')],
        slots: [[0, 16383]],
        suggestion:
          'Put replicas on other hosts: cluster add-node, then cluster del-node for those in the wrong place.',
      },
    ]);
  });

  it('speaks once where the whole cluster is on one host', () => {
    const host = '127.0.0.1';
    const cluster = topology()
      .primary('a', { host })
      .primary('b', { host, port: 7001 })
      .replica('c', { of: 'a', host, port: 7002 })
      .build();
    expect(shardHosts.check(cluster)).toEqual([
      {
        rule: 'shard-hosts',
        severity: 'warning',
        message: 'The whole cluster, 3 nodes, is on the host 127.0.0.1 and fails with it.',
        nodeIds: [nodeId('a'), nodeId('b'), nodeId('c')],
      },
    ]);
  });

  it('has nothing to say about a single node', () => {
    expect(shardHosts.check(topology().primary('a').build())).toEqual([]);
  });
});
