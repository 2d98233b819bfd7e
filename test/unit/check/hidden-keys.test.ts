import { describe, expect, it } from 'vitest';
import { checkHiddenKeys } from '../../../src/lib/check/hidden-keys.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' }).build();

describe('hidden-keys', () => {
  it('is silent where every key is shown', () => {
    expect(checkHiddenKeys(cluster, new Map([[nodeId('a'), 0]]))).toEqual([]);
  });

  it('names the node, how many, and what finds them', () => {
    expect(checkHiddenKeys(cluster, new Map([[nodeId('b'), 2]]))).toEqual([
      {
        rule: 'hidden-keys',
        severity: 'error',
        message: '10.0.0.2:7000 has 2 keys of slots that it does not own, and shows them to nobody.',
        nodeIds: [nodeId('b')],
        suggestion: 'To find them, and bring them to their owners: cluster fix 10.0.0.1:7000',
      },
    ]);
  });
});
