import { describe, expect, it } from 'vitest';
import { countInWords, listInWords, nameById, nodesInWords, slotsInWords } from '../../../src/lib/check/words.ts';
import { slotSetOf } from '../../../src/lib/model/slot-set.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

describe('words', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd', 'e', 'f'], 'a, b, c, d, e and f'],
    [['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], 'a, b, c, d, e, f and 2 more'],
  ])('lists %j', (items, words) => {
    expect(listInWords(items)).toBe(words);
  });

  it('cuts a long list of slot ranges and says how many slots there are', () => {
    expect(slotsInWords([[5, 5]])).toBe('slot 5');
    expect(slotsInWords([[0, 100]])).toBe('slots 0-100');
    const odd = slotSetOf(Array.from({ length: 100 }, (_, index) => 2 * index));
    expect(slotsInWords(odd)).toBe('slots 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,… (100 in all)');
  });

  it('names nodes by address, and strangers by id', () => {
    const cluster = topology().primary('a').primary('b').build();
    expect(nodesInWords(cluster.nodes)).toBe('Nodes 10.0.0.1:7000 and 10.0.0.2:7000');
    expect(nameById(cluster, nodeId('b'))).toBe('10.0.0.2:7000');
    expect(nameById(cluster, nodeId('x'))).toBe(`unknown node ${nodeId('x')}`);
  });

  it('puts the noun of a count into the plural, except for one', () => {
    expect([0, 1, 2].map((count) => countInWords(count, 'node'))).toEqual(['0 nodes', '1 node', '2 nodes']);
    expect([1, 2].map((count) => countInWords(count, 'primary'))).toEqual(['1 primary', '2 primaries']);
    expect(countInWords(2, 'key')).toBe('2 keys');
  });
});
