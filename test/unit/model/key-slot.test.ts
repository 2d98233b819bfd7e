import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keySlot } from '../../../src/lib/model/key-slot.ts';
import { keySlot as bitByBit } from '../../support/key-slot.ts';

describe('keySlot', () => {
  it.each([
    // As CLUSTER KEYSLOT of Redis 7.0.15 answers.
    ['', 0],
    ['123456789', 12739],
    ['{user1000}.following', 3443],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', 4015],
    ['foo{bar}{zap}', 5061],
    ['open{only', bitByBit('open{only')],
  ])('puts %s into slot %d', (key, slot) => {
    expect(keySlot(Buffer.from(key))).toBe(slot);
  });

  it('is that of the specification, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const key = Buffer.from(bytes);
        expect(keySlot(key)).toBe(bitByBit(key));
      }),
    );
  });
});
