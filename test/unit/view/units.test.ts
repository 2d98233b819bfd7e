import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration } from '../../../src/lib/view/units.ts';

describe('units', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [3.25 * 1024 ** 3, '3.3 GiB'],
    [2 * 1024 ** 6, '2048.0 PiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [-5, '0 ms'],
    [350.4, '350 ms'],
    [1250, '1.2 s'],
    [9999, '9.9 s'],
    [42_500, '42 s'],
    [60_000, '1 min'],
    [303_000, '5 min 3 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ])('writes %d ms as %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it('groups the digits of large counts', () => {
    expect([0, 999, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,234,567']);
  });
});
