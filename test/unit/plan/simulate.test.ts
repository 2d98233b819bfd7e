import { describe, expect, it } from 'vitest';
import { formatSlots } from '../../../src/lib/model/slot-set.ts';
import type { Topology } from '../../../src/lib/model/topology.ts';
import { findNode, isReached } from '../../../src/lib/model/topology.ts';
import { simulate } from '../../../src/lib/plan/simulate.ts';
import { newNodes } from '../../support/new-nodes.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const [one, two, three] = ['10.0.0.1:7000', '10.0.0.2:7000', '10.0.0.3:7000'] as const;
const ref = (name: string): { readonly id: ReturnType<typeof nodeId>; readonly address: string } => ({
  id: nodeId(name),
  address: name,
});
const joined = simulate(newNodes([one, two, three]), { kind: 'join', nodes: [ref(one), ref(two)] });
/** As `joined`, after the first has taken a config epoch, which it does before it knows another. */
const ranked = simulate(simulate(newNodes([one, two, three]), { kind: 'set-epoch', node: ref(one), epoch: 5 }), {
  kind: 'join',
  nodes: [ref(one), ref(two)],
});

/** The slots, roles and flags of everyone whom the node knows. */
function believed(cluster: Topology, name: string): readonly string[] {
  const node = findNode(cluster, nodeId(name));
  if (!node || !isReached(node)) return [];
  return node.reach.view.entries.map(({ flags, slots, configEpoch }) =>
    `${flags.join()} ${configEpoch} ${formatSlots(slots)}`.trim(),
  );
}

describe('simulate', () => {
  it('joins only those that are named, with all whom they know', () => {
    expect(believed(joined, one)).toEqual(['myself,master 0', 'master 0']);
    expect(believed(joined, three)).toEqual(['myself,master 0']);
    const all = simulate(joined, { kind: 'join', nodes: [ref(two), ref(three)] });
    expect(believed(all, one)).toHaveLength(3);
  });

  it('spreads slots and epochs to those who know the node', () => {
    const after = simulate(ranked, {
      kind: 'add-slots',
      node: ref(one),
      slots: [[0, 16383]],
    });
    expect(believed(after, two)).toEqual(['myself,master 0', 'master 5 0-16383']);
    expect(believed(after, three)).toEqual(['myself,master 0']);
    const { reach } = findNode(after, nodeId(two)) ?? {};
    expect(reach?.ok && reach.view.clusterInfo).toMatchObject({
      cluster_state: 'ok',
      cluster_size: '1',
      cluster_known_nodes: '2',
    });
  });

  it('makes a replica with its primary’s epoch and a link that is up', () => {
    const after = simulate(ranked, {
      kind: 'replicate',
      node: ref(two),
      primary: ref(one),
    });
    const replica = findNode(after, nodeId(two));
    expect(replica?.entry).toMatchObject({ flags: ['myself', 'slave'], primaryId: nodeId(one), configEpoch: 5 });
    expect(replica?.reach.ok && replica.reach.view.info).toMatchObject({ role: 'slave', master_link_status: 'up' });
    expect(believed(after, one)).toEqual(['myself,master 5', 'slave 5']);
  });

  it('lets nobody who knows another take a config epoch', () => {
    expect(() => simulate(joined, { kind: 'set-epoch', node: ref(one), epoch: 5 })).toThrow(
      'before it knows another node',
    );
  });

  it('resets a node while others go on believing in its old self', () => {
    const after = simulate(topology().primary('a', { slots: '0-16383' }).replica('b', { of: 'a' }).build(), {
      kind: 'reset',
      node: ref('b'),
    });
    expect(believed(after, 'a')).toEqual(['myself,master 1 0-16383', 'slave 1']);
    expect(after.nodes[1]?.entry).toMatchObject({ flags: ['myself', 'master'], primaryId: null, configEpoch: 0 });
    expect(after.nodes[1]?.id).toMatch(/^[0-9a-f]{40}$/);
  });

  it.each([
    ['a second epoch', { kind: 'set-epoch', node: ref('a'), epoch: 9 }, /while it has none/],
    ['slots that another has', { kind: 'add-slots', node: ref('a'), slots: [[9000, 9000]] }, /are free/],
    ['a replica of a stranger', { kind: 'replicate', node: ref('c'), primary: ref('x') }, /knows x before/],
    ['a replica that owns slots', { kind: 'replicate', node: ref('a'), primary: ref('b') }, /owns no slots/],
    ['a reset of a node with keys', { kind: 'reset', node: ref('b') }, /holds no keys/],
    ['a node that is not there', { kind: 'set-epoch', node: ref('x'), epoch: 9 }, /nodes of the topology/],
  ] as const)('takes %s for a bug of the planner', (_, step, sentence) => {
    const cluster = topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', info: { db0: 'keys=1,expires=0' } })
      .primary('c')
      .build();
    expect(() => simulate(cluster, step)).toThrow(sentence);
  });
});
