/** What is left of a move: slots 0-3 from `a` to `b`, each with one replica, seen in what has become of the cluster. */
import { describe, expect, it } from 'vitest';
import { slotSetOf } from '../../../src/lib/model/slot-set.ts';
import type { Topology } from '../../../src/lib/model/topology.ts';
import type { MoveSlots } from '../../../src/lib/plan/plan.ts';
import { remainingOf, shardMembers } from '../../../src/lib/plan/remaining.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const before = topology()
  .primary('a', { slots: '0-99' })
  .primary('b', { slots: '100-16383' })
  .replica('a2', { of: 'a' })
  .replica('b2', { of: 'b' })
  .build();

const STEP: MoveSlots = {
  kind: 'move-slots',
  source: { id: nodeId('a'), address: '10.0.0.1:7000' },
  target: { id: nodeId('b'), address: '10.0.0.2:7000' },
  slots: slotSetOf([0, 1, 2, 3]),
  mover: 'key-wise',
  estimate: null,
};

/** In short: state, and who and which slots it is about. */
function left(now: Topology): object {
  const rest = remainingOf(STEP, now, shardMembers(before, nodeId('a')), shardMembers(before, nodeId('b')));
  switch (rest.state) {
    case 'done':
      return { done: true };
    case 'stuck':
      return { stuck: rest.reason };
    case 'closing':
      return { closing: rest.slots, target: nameOf(rest.target.id) };
    case 'moving': {
      const { source, target, slots } = rest.remaining;
      return { moving: slots, from: nameOf(source.id), to: nameOf(target.id), closing: rest.closing };
    }
  }
}

function nameOf(id: string): string {
  return ['a', 'a2', 'b', 'b2', 'c'].find((name) => nodeId(name) === id) ?? id;
}

describe('what is left of a move', () => {
  it('is all of it at first', () => {
    expect(left(before)).toEqual({ moving: [0, 1, 2, 3], from: 'a', to: 'b', closing: [] });
  });

  it('is what the target does not own yet, open or not', () => {
    const now = topology()
      .primary('a', { slots: '2-99', migrating: { 2: 'b' } })
      .primary('b', { slots: '0-1,100-16383', importing: { 2: 'a' } })
      .build();
    expect(left(now)).toEqual({ moving: [2, 3], from: 'a', to: 'b', closing: [] });
  });

  it('has slots to close beside those to move where a run was killed between the two', () => {
    const now = topology()
      .primary('a', { slots: '2-99', migrating: { 1: 'b', 2: 'b' } })
      .primary('b', { slots: '0-1,100-16383', importing: { 2: 'a' }, epoch: 9 })
      .build();
    expect(left(now)).toEqual({ moving: [2, 3], from: 'a', to: 'b', closing: [1] });
  });

  it('is nothing once the target owns all and nobody has them open', () => {
    const now = topology()
      .primary('a', { slots: '4-99', migrating: { 50: 'b' } })
      .primary('b', { slots: '0-3,100-16383', importing: { 50: 'a' } })
      .build();
    expect(left(now)).toEqual({ done: true });
  });

  it('is to close what the source has open, or a third node', () => {
    const now = topology()
      .primary('a', { slots: '4-99', migrating: { 3: 'b' } })
      .primary('b', { slots: '0-3,100-16383', epoch: 9 })
      .primary('c', { importing: { 1: 'a' } })
      .build();
    expect(left(now)).toEqual({ closing: [1, 3], target: 'b' });
  });

  it('counts slots that both claim as those of the higher epoch', () => {
    const claims = (targetEpoch: number): Topology =>
      topology()
        .primary('a', { slots: '0-99', epoch: 5 })
        .primary('b', { slots: '0-3,100-16383', epoch: targetEpoch })
        .build();
    expect(left(claims(6))).toEqual({ done: true });
    expect(left(claims(4))).toEqual({ moving: [0, 1, 2, 3], from: 'a', to: 'b', closing: [] });
  });

  it('goes on from and to whoever has taken over', () => {
    const sourceFailed = topology()
      .primary('a2', { slots: '0-99', epoch: 9 })
      .primary('b', { slots: '100-16383' })
      .replica('a', { of: 'a2', unreachable: 'Connection refused', flags: ['fail'] })
      .build();
    expect(left(sourceFailed)).toEqual({ moving: [0, 1, 2, 3], from: 'a2', to: 'b', closing: [] });
    const targetFailed = topology()
      .primary('a', { slots: '2-99' })
      .primary('b2', { slots: '0-1,100-16383', epoch: 9 })
      .primary('b', { unreachable: 'Connection refused', flags: ['fail'] })
      .build();
    expect(left(targetFailed)).toEqual({ moving: [2, 3], from: 'a', to: 'b2', closing: [] });
  });

  it('is stuck where no primary of one side answers', () => {
    const down = { unreachable: 'Connection refused' };
    const noTarget = topology()
      .primary('a', { slots: '0-99' })
      .primary('b', { slots: '100-16383', ...down })
      .build();
    expect(left(noTarget)).toEqual({ stuck: 'no primary of the shard of 10.0.0.2:7000 answers: Connection refused' });
    const noSource = topology()
      .primary('a', { slots: '0-99', ...down })
      .primary('b', { slots: '100-16383' })
      .build();
    expect(left(noSource)).toEqual({ stuck: 'no primary of the shard of 10.0.0.1:7000 answers: Connection refused' });
  });

  it('is stuck where a slot is a third one’s, or nobody’s', () => {
    const third = topology().primary('a', { slots: '0-1,4-99' }).primary('b').primary('c', { slots: '2-3' }).build();
    expect(left(third)).toEqual({
      stuck: `slot 2 belongs to ${nodeId('c')}, not to the shard of 10.0.0.1:7000`,
    });
    const nobody = topology().primary('a', { slots: '0-1,4-99' }).primary('b').build();
    expect(left(nobody)).toEqual({
      stuck: 'slot 2 belongs to nobody that answers, not to the shard of 10.0.0.1:7000',
    });
  });

  it('is stuck for the way back where the emptied primary follows another now, and says so', () => {
    const back: MoveSlots = { ...STEP, source: STEP.target, target: STEP.source };
    const now = topology()
      .primary('b', { slots: '0-16383', port: 7009 })
      .replica('a', { of: 'b' })
      .replica('a2', { of: 'b' })
      .build();
    const rest = remainingOf(back, now, shardMembers(before, nodeId('b')), shardMembers(before, nodeId('a')));
    expect(rest).toEqual({
      state: 'stuck',
      reason: '10.0.0.1:7000 has no slots left and is a replica of 10.0.0.1:7009 now',
    });
  });
});
