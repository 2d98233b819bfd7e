import { describe, expect, it } from 'vitest';
import { clusterState } from '../../../src/lib/check/cluster-state.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('cluster-state', () => {
  it('is silent where every node that answers says ok', () => {
    const cluster = topology().primary('a').primary('b', { unreachable: 'no answer' }).build();
    expect(clusterState.check(cluster)).toEqual([]);
  });

  it('names the nodes together that do not serve', () => {
    const fail = { clusterInfo: { cluster_state: 'fail' } };
    const cluster = topology().primary('a', fail).primary('b', fail).primary('c').build();
    expect(clusterState.check(cluster)).toEqual([
      {
        rule: 'cluster-state',
        severity: 'error',
        message: 'Nodes 10.0.0.1:7000 and 10.0.0.2:7000 say that the cluster state is fail.',
        nodeIds: [nodeId('a'), nodeId('b')],
        suggestion: 'Mend what else is found here, then wait a few seconds: cluster check 10.0.0.1:7000',
      },
    ]);
  });
});
