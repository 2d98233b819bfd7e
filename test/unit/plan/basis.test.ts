import { describe, expect, it } from 'vitest';
import { basisDifference, basisOf, primaryIn, replicasIn } from '../../../src/lib/plan/basis.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const a = nodeId('a');
const b = nodeId('b');
const two = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383', migrating: { 9000: 'a' } });

describe('basisOf', () => {
  it('says role, epoch, slots and open slots of each node, by id', () => {
    expect(basisOf(two.replica('c', { of: 'b', unreachable: 'refused' }).build())).toBe(
      [
        `${nodeId('c')} replica of ${b}, epoch 2, no slots, unreachable`,
        `${a} primary, epoch 1, slots 0-8191`,
        `${b} primary, epoch 2, slots 8192-16383, migrating 9000 to ${a}`,
      ].join('\n'),
    );
  });

  it('counts neither order nor addresses', () => {
    const original = topology().primary('a', { epoch: 1 }).primary('b', { epoch: 2 }).build();
    const other = topology().primary('b', { epoch: 2, host: 'elsewhere' }).primary('a', { epoch: 1, port: 7 }).build();
    expect(basisOf(other)).toBe(basisOf(original));
  });

  it('leaves out who is being introduced and does not answer', () => {
    const ghost = { flags: ['handshake'], unreachable: 'refused' };
    expect(basisOf(two.primary('g', ghost).build())).toBe(basisOf(two.build()));
  });
});

describe('a basis that is read again', () => {
  const basis = basisOf(two.replica('c', { of: 'b' }).replica('d', { of: 'b', unreachable: 'refused' }).build());

  it('tells whose replica a node was', () => {
    expect(['c', 'd', 'b', 'x'].map((name) => primaryIn(basis, nodeId(name)))).toEqual([b, b, null, null]);
  });

  it('tells which replicas a primary had', () => {
    expect(replicasIn(basis, b)).toEqual([nodeId('c'), nodeId('d')].sort());
    expect(replicasIn(basis, a)).toEqual([]);
  });
});

describe('basisDifference', () => {
  it('is empty where nothing changed', () => {
    expect(basisDifference(basisOf(two.build()), basisOf(two.build()))).toEqual([]);
  });

  it('has a line for each node that came, went or changed', () => {
    const before = basisOf(two.build());
    const after = basisOf(topology().primary('a', { slots: '0-16383', epoch: 3 }).primary('d', { epoch: 4 }).build());
    expect(basisDifference(before, after)).toEqual([
      `Node ${nodeId('d')} is new: primary, epoch 4, no slots.`,
      `Node ${a} was: primary, epoch 1, slots 0-8191. It is now: primary, epoch 3, slots 0-16383.`,
      `Node ${b} is gone. It was: primary, epoch 2, slots 8192-16383, migrating 9000 to ${a}.`,
    ]);
  });
});

describe('basisOf of nodes that are not of a cluster yet', () => {
  const fresh = topology().primary('a', { lonely: true, epoch: 0 });

  it('says that they know nobody, and whether they have keys', () => {
    expect(basisOf(fresh.build())).toBe(`${a} primary, epoch 0, no slots, knows nobody`);
    const filled = topology().primary('a', { lonely: true, epoch: 0, info: { db0: 'keys=3,expires=0' } });
    expect(basisOf(filled.build())).toBe(`${a} primary, epoch 0, no slots, knows nobody, has keys`);
  });

  it('tells one that was taken meanwhile from one that is new', () => {
    const taken = topology().primary('a', { epoch: 0 }).primary('b', { epoch: 0 }).build();
    const [difference] = basisDifference(basisOf(fresh.build()), basisOf(taken));
    expect(difference).toContain('no slots, knows nobody. It is now: primary, epoch 0, no slots.');
  });

  it('does not look at the keys of those that serve: these change all the time', () => {
    const served = topology().primary('a', { slots: '0-16383', info: { db0: 'keys=3' } });
    expect(basisOf(served.primary('b').build())).not.toContain('has keys');
  });
});
