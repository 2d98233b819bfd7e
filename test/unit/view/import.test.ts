import { describe, expect, it } from 'vitest';
import type { ImportReport } from '../../../src/lib/model/import-report.ts';
import { renderImportProgress } from '../../../src/lib/terminal/import-progress.ts';
import { renderImported } from '../../../src/lib/view/import.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';

const NONE = { count: 0, examples: [] };
const outcome: ImportReport = {
  keys: 1234,
  bytes: 2048,
  alreadyThere: 0,
  conflicts: NONE,
  changed: NONE,
  unreadable: NONE,
  isUnwatched: false,
  hasLostTrack: false,
};

describe('what an import came to', () => {
  it('is told in one line where all is well', () => {
    expect(renderImported(outcome, 2000, 'r-1', PLAIN)).toBe(
      '[OK] 1,234 keys imported (2.0 KiB) in 2.0 s, 617/s. Run r-1.',
    );
  });

  it('names the keys that were not brought, and says what to type', () => {
    const text = renderImported(
      {
        ...outcome,
        alreadyThere: 5,
        conflicts: { count: 7, examples: ['a', 'b\\u0000'] },
        changed: { count: 1, examples: ['c'] },
        unreadable: { count: 1, examples: ['d'] },
        isUnwatched: true,
      },
      2000,
      'r-1',
      PLAIN,
    );
    expect(text.split('\n')).toEqual([
      '1,234 keys imported (2.0 KiB) in 2.0 s, 617/s; 5 were there already. Run r-1.',
      '[ERR] 7 keys in the cluster with another value already; neither was changed: "a", "b\\u0000" and 5 more',
      '[ERR] 1 key changed at the source faster than they could be taken, or at the very end: "c"',
      '[ERR] 1 key in a form that the cluster does not read; left as it was at the source: "d"',
      '[WARNING] Changes at the source could not be followed: what was written meanwhile may be missing.',
      '  Delete the value that is not wanted, or let the one of the source win with --replace.',
      '  Type the same command again, best when the writers have stopped.',
    ]);
  });
});

describe('how far an import is', () => {
  const event = {
    event: 'import-progress',
    keysDone: 120_000,
    keys: 480_000,
    bytesDone: 1024 * 1024,
    keysPerSecond: 41_000,
    bytesPerSecond: 2048,
    remainingMs: 8700,
    conflicts: 3,
  } as const;

  it('is told in one line', () => {
    expect(renderImportProgress(event)).toBe(
      'keys 120,000/480,000 (25%)  1.0 MiB  41,000/s  2.0 KiB/s  8.7 s left  3 conflicts',
    );
  });

  it('says no more than is known', () => {
    expect(renderImportProgress({ ...event, keys: null, remainingMs: null, conflicts: 0 })).toBe(
      'keys 120,000  1.0 MiB  41,000/s  2.0 KiB/s',
    );
  });
});
