import { mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/lib/errors.ts';
import { exitCodeOf } from '../../../src/lib/terminal/exit-codes.ts';
import { describeCauses, describeFailure, foreseen } from '../../../src/lib/terminal/failures.ts';

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

it('what stands behind a failure is told once, the nearest first', () => {
  const root = new Error('connect ECONNREFUSED');
  const cause = new Error('the node sent nothing', { cause: root });
  expect(describeCauses(new OpsError('FAILED', 'It failed.', { cause }))).toEqual([
    '  Because: the node sent nothing',
    '  Because: connect ECONNREFUSED',
  ]);
  expect(
    describeCauses(new OpsError('FAILED', 'No: the node sent nothing', { cause: new Error('the node sent nothing') })),
  ).toEqual([]);
});
