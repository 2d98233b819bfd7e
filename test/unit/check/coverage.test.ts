import { describe, expect, it } from 'vitest';
import { coverage, coveredSlots } from '../../../src/lib/check/coverage.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const two = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' });

describe('coverage', () => {
  it('is silent where every slot has a primary', () => {
    expect(coverage.check(two.build())).toEqual([]);
  });

  it('names slots that belong to no node', () => {
    const cluster = topology().primary('a', { slots: '0-99,101-16380' }).build();
    expect(coverage.check(cluster)).toEqual([
      {
        rule: 'coverage',
        severity: 'error',
        message: 'No reachable primary serves slots 100,16381-16383.',
        nodeIds: [],
        slots: [
          [100, 100],
          [16381, 16383],
        ],
        suggestion: 'Give them an owner: cluster fix 10.0.0.1:7000',
      },
    ]);
  });

  it('does not take the word of others for a silent node, but names it', () => {
    const cluster = topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', unreachable: 'Connection refused', flags: ['fail?'] })
      .build();
    expect(coverage.check(cluster)).toEqual([
      {
        rule: 'coverage',
        severity: 'error',
        message: 'No reachable primary serves slots 8192-16383 (10.0.0.2:7000 had slots 8192-16383).',
        nodeIds: [nodeId('b')],
        slots: [[8192, 16383]],
        suggestion: 'Bring 10.0.0.2:7000 back; where that is impossible: cluster fix 10.0.0.1:7000',
      },
    ]);
  });

  it('does not have slots taken from a primary that is out of reach only from here', () => {
    const cluster = topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', unreachable: 'Network is unreachable' })
      .build();
    expect(coverage.check(cluster)[0]?.suggestion).toBe(
      'The other nodes have not lost 10.0.0.2:7000: unless it hangs since a moment ago, there is no way from here only.',
    );
  });

  it.each(['fail', 'noaddr'])('does not count a node that the seed flags %s, as in redis-cli', (flag) => {
    const cluster = two
      .sees('a', ([own, ...others]) => [
        ...(own ? [own] : []),
        ...others.map((entry) => ({ ...entry, flags: [...entry.flags, flag] })),
      ])
      .build();
    expect(coveredSlots(cluster)).toEqual([[0, 8191]]);
  });

  it.each(['fail?', 'handshake'])('counts a node that the seed flags %s', (flag) => {
    const cluster = topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', flags: [flag] })
      .build();
    expect(coverage.check(cluster)).toEqual([]);
  });

  it('counts a node in handshake, which the seed knows by another id', () => {
    const cluster = two
      .sees('a', (entries) =>
        entries.map((entry) =>
          entry.id === nodeId('b') ? { ...entry, id: nodeId('made up'), flags: ['handshake'] } : entry,
        ),
      )
      .build();
    expect(coverage.check(cluster)).toEqual([]);
  });

  it('does not count a node that the seed does not know', () => {
    const cluster = two.sees('a', (entries) => entries.slice(0, 1)).build();
    expect(coveredSlots(cluster)).toEqual([[0, 8191]]);
  });

  it('counts whoever answers where the seed does not', () => {
    const cluster = topology().primary('a', { unreachable: 'no answer' }).primary('b', { slots: '0-16383' }).build();
    expect(coverage.check(cluster)).toEqual([]);
  });
});
