import { mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/lib/errors.ts';
import { exitCodeOf } from '../../../src/lib/terminal/exit-codes.ts';
import { describeFailure, foreseen } from '../../../src/lib/terminal/failures.ts';

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (failure) {
    return failure as Error;
  }
  throw new Error('nothing was thrown');
}

describe('what the system refuses', () => {
  it.each([
    ['a folder below a file', () => mkdirSync('/dev/null/below'), '[ERR] The system refuses: not a directory, mkdir'],
    [
      'a file that is not there',
      () => readFileSync('/nowhere/x'),
      '[ERR] The system refuses: no such file or directory',
    ],
  ])('%s is a failure and no bug', (_, work, sentence) => {
    const failure = foreseen(thrownBy(work));
    expect(exitCodeOf(failure)).toBe(1);
    expect(describeFailure(failure)).toContain(sentence);
    expect(describeFailure(failure)).toContain('Look at the rights to that folder');
  });

  it('all else is left as it is', () => {
    for (const failure of [
      new TypeError('x is undefined'),
      new OpsError('REFUSED', 'no'),
      new Error('ENOENT: said so'),
    ])
      expect(foreseen(failure)).toBe(failure);
  });
});
