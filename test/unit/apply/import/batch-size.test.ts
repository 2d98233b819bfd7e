import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../../../src/lib/apply/import/batch-size.ts';

const MIB = 1024 * 1024;
const UNBOUND = { batchMsMax: 5, keysPerSecondMax: null, latencyMsMax: null };

function keysOf(size: BatchSize): number {
  return size.keysWithin(UNBOUND);
}

describe('BatchSize', () => {
  it('begins with few keys, and grows where they are small, to its bound', () => {
    const size = new BatchSize(128);
    expect(keysOf(size)).toBe(8);
    const seen: number[] = [];
    for (let batch = 0; batch < 6; batch++) {
      size.record(keysOf(size), keysOf(size) * 100);
      seen.push(keysOf(size));
    }
    expect(seen).toEqual([16, 32, 64, 128, 128, 128]);
  });

  it('shrinks to single keys where they are large, and grows again after them', () => {
    const size = new BatchSize(128);
    for (let batch = 0; batch < 5; batch++) size.record(keysOf(size), keysOf(size) * 100);
    size.record(128, 128 * 10 * MIB);
    expect(keysOf(size)).toBe(1);
    expect(size.bytesOf(1)).toBeGreaterThan(MIB);
    for (let batch = 0; batch < 200; batch++) size.record(keysOf(size), keysOf(size) * 100);
    expect(keysOf(size)).toBe(128);
  });

  it('takes no more than a tenth of what a rate allows in a second', () => {
    const size = new BatchSize(128);
    for (let batch = 0; batch < 5; batch++) size.record(keysOf(size), keysOf(size) * 100);
    expect(size.keysWithin({ ...UNBOUND, keysPerSecondMax: 300 })).toBe(30);
    expect(size.keysWithin({ ...UNBOUND, keysPerSecondMax: 1 })).toBe(1);
  });

  it('is never without keys, even of nothing', () => {
    const size = new BatchSize(4);
    size.record(4, 0);
    expect(keysOf(size)).toBe(4);
    expect(size.bytesOf(4)).toBe(0);
  });
});
