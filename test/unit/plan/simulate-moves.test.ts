import { describe, expect, it } from 'vitest';
import { formatSlots } from '../../../src/lib/model/slot-set.ts';
import type { Topology } from '../../../src/lib/model/topology.ts';
import { findNode, isReached } from '../../../src/lib/model/topology.ts';
import type { MoveSlots } from '../../../src/lib/plan/plan.ts';
import { simulate } from '../../../src/lib/plan/simulate.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('a', { slots: '0-9', migrating: { 3: 'b', 8: 'b' } })
  .primary('b', { slots: '10-19', importing: { 3: 'a' } })
  .replica('c', { of: 'b' })
  .primary('d', { slots: '20-16383' });

function moved(from: string, to: string, slots: MoveSlots['slots']): MoveSlots {
  const ref = (name: string): MoveSlots['source'] => ({ id: nodeId(name), address: name });
  return { kind: 'move-slots', source: ref(from), target: ref(to), slots, mover: 'key-wise', estimate: null };
}

/** The epoch and the slots of everybody, as the node sees them. */
function believed(state: Topology, name: string): Readonly<Record<string, string>> {
  const node = findNode(state, nodeId(name));
  const names = new Map(['a', 'b', 'c', 'd'].map((each) => [nodeId(each), each]));
  const entries = node && isReached(node) ? node.reach.view.entries : [];
  return Object.fromEntries(
    entries.map(({ id, configEpoch, slots }) => [names.get(id), `${configEpoch} ${formatSlots(slots)}`.trim()]),
  );
}

describe('simulate move-slots', () => {
  it('gives the slots and a new epoch to the target, in everybody’s eyes', () => {
    const after = simulate(cluster.build(), moved('a', 'b', [[2, 4]]));
    const expected = { a: '1 0-1,5-9', b: '5 2-4,10-19', c: '5', d: '4 20-16383' };
    for (const name of ['a', 'b', 'c', 'd']) expect(believed(after, name)).toEqual(expected);
  });

  it('closes what was open of these slots, and nothing else', () => {
    const after = simulate(cluster.build(), moved('a', 'b', [[2, 4]]));
    expect(findNode(after, nodeId('a'))?.entry.migrating).toEqual([{ slot: 8, peer: nodeId('b') }]);
    expect(findNode(after, nodeId('b'))?.entry.importing).toEqual([]);
  });

  it('leaves the epoch of a target that has the highest', () => {
    expect(believed(simulate(cluster.build(), moved('a', 'd', [[0, 9]])), 'b')).toMatchObject({
      a: '1',
      d: '4 0-9,20-16383',
    });
  });

  it('goes beyond the epoch of an election that nobody won', () => {
    const contested = topology()
      .primary('a', { slots: '0-16383' })
      .primary('b', { clusterInfo: { cluster_current_epoch: '9' } })
      .build();
    expect(believed(simulate(contested, moved('a', 'b', [[0, 9]])), 'a')['b']).toBe('10 0-9');
  });

  it.each([
    ['slots that the source does not own', moved('a', 'b', [[9, 10]]), /owns the slots/],
    ['a move to itself', moved('a', 'a', [[0, 1]]), /another node/],
    ['a replica as target', moved('a', 'c', [[0, 1]]), /only primaries/],
    ['a node that is not there', moved('a', 'x', [[0, 1]]), /x is reachable/],
  ] as const)('takes %s for a bug of the planner', (_, step, sentence) => {
    expect(() => simulate(cluster.build(), step)).toThrow(sentence);
  });
});
