import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { fixFake } from '../../support/fake-fix.ts';
import { nodeId } from '../../support/topology-builder.ts';

describe('a fix that is stopped by a failure', () => {
  it('is part-way where keys may have moved, also when nothing else was changed', async () => {
    const cluster = new FakeCluster({
      shards: [
        { name: 'a', slots: [0], hasReplica: false },
        { name: 'b', slots: [1], hasReplica: false },
      ],
      slotCount: 2,
      keys: new Map([
        ['0:one', '1'],
        ['0:two', '2'],
      ]),
      gossip: 'eager',
      seed: 1,
      fault: { kind: 'passing', atCall: 1, times: 1_000_000 },
    });
    const [a, b] = cluster.nodes;
    a?.migrating.set(0, nodeId('b'));
    b?.importing.set(0, nodeId('a'));
    const { planned, failure } = await fixFake(cluster);
    expect(planned).toMatchObject({ ok: true, plan: { steps: [{ kind: 'move-slots' }, { kind: 'close-slots' }] } });
    expect(failure).toMatchObject({ code: 'PARTIAL' });
  });
});
