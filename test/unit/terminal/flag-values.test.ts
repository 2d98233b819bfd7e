import { describe, expect, it } from 'vitest';
import { refuseNonsense } from '../../../src/lib/terminal/flag-values.ts';

describe('values of flags', () => {
  it.each([
    { throttle: 'fast' },
    { throttle: '0' },
    { 'max-pause': '0' },
    { 'max-latency': 'x' },
    { 'wait-timeout': '0' },
    { 'connect-timeout': '-1' },
    { timeout: 'soon' },
    { slots: '0' },
    { slots: '16385' },
    { ranges: '5-2' },
  ])('%j is refused, and the flag named', (flags) => {
    expect(() => refuseNonsense(flags)).toThrow(`--${Object.keys(flags)[0]} takes`);
  });

  it('that make sense, or are not given, pass', () => {
    refuseNonsense({
      throttle: '20MB/s',
      slots: 'all',
      ranges: '0-9,16383',
      'wait-timeout': '0.5',
      timeout: undefined,
    });
    refuseNonsense({ slots: '16384', user: '-1', yes: true });
  });
});
