import { describe, expect, it } from 'vitest';
import { configEpochs } from '../../../src/lib/check/config-epochs.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('config-epochs', () => {
  it('is silent for different epochs, for 0, and for replicas, which have that of their primary', () => {
    const cluster = topology()
      .primary('a')
      .primary('b')
      .replica('c', { of: 'a' })
      .primary('d', { epoch: 0 })
      .primary('e', { epoch: 0 });
    expect(configEpochs.check(cluster.build())).toEqual([]);
  });

  it('names primaries with the same epoch', () => {
    const cluster = topology().primary('a', { epoch: 7 }).primary('b').primary('c', { epoch: 7 });
    expect(configEpochs.check(cluster.build())).toEqual([
      {
        rule: 'config-epochs',
        severity: 'warning',
        message: 'Nodes 10.0.0.1:7000 and 10.0.0.3:7000 share the config epoch 7.',
        nodeIds: [nodeId('a'), nodeId('c')],
        suggestion: 'The servers settle this within seconds; if it stays, send CLUSTER BUMPEPOCH to one of them.',
      },
    ]);
  });

  it('does not let one of them take a new epoch where both claim a slot: the other would delete its keys', () => {
    const cluster = topology().primary('a', { epoch: 7, slots: '0-100' }).primary('b', { epoch: 7, slots: '100-200' });
    expect(configEpochs.check(cluster.build())).toMatchObject([
      { suggestion: 'They claim the same slots. Settle those first: cluster fix 10.0.0.1:7000' },
    ]);
  });
});
