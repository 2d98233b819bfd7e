import { describe, expect, it } from 'vitest';
import { AssertionFailure } from '../../../src/lib/assert.ts';
import { OpsError } from '../../../src/lib/errors.ts';
import { EXIT, exitCodeOf } from '../../../src/lib/terminal/exit-codes.ts';

describe('exitCodeOf', () => {
  it.each([
    ['USAGE', 2],
    ['UNREACHABLE', 3],
    ['LOGIN', 3],
    ['NOT_A_CLUSTER', 1],
    ['REFUSED', 4],
    ['PARTIAL', 5],
    ['INTERRUPTED', 130],
  ] as const)('is for %s %i', (code, exit) => {
    expect(exitCodeOf(new OpsError(code, 'said so'))).toBe(exit);
  });

  it("takes the framework's complaints for wrong usage", () => {
    expect(exitCodeOf(Object.assign(new Error('Nonexistent flag: --x'), { oclif: { exit: 2 } }))).toBe(EXIT.usage);
  });

  it('takes everything else for a bug', () => {
    expect(exitCodeOf(new AssertionFailure('a slot has one owner'))).toBe(EXIT.bug);
    expect(exitCodeOf(new TypeError('x is undefined'))).toBe(EXIT.bug);
    expect(exitCodeOf('thrown by somebody')).toBe(EXIT.bug);
    expect(exitCodeOf(null)).toBe(EXIT.bug);
  });

  it('never means two things by one number', () => {
    const numbers = Object.values(EXIT);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
