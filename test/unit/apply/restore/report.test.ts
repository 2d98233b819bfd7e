import { describe, expect, it } from 'vitest';
import type { RestoredFile } from '../../../../src/lib/apply/restore/report.ts';
import { shortcomingsOf } from '../../../../src/lib/apply/restore/report.ts';

const NOTHING = { count: 0, examples: [] };
const WHOLE: RestoredFile = {
  file: 'a.rdb',
  loaded: 100,
  expired: 0,
  report: {
    keys: 90,
    bytes: 900,
    alreadyThere: 10,
    conflicts: NOTHING,
    changed: NOTHING,
    unreadable: NOTHING,
    isUnwatched: false,
    hasLostTrack: false,
  },
  missing: 0,
  left: 100,
  expiring: 5,
  inCluster: 100,
  sample: { compared: 60, different: NOTHING },
};
const KEYS = { count: 2, examples: ['k1', 'k2'] };

function shortcomings(change: Partial<RestoredFile>): readonly string[] {
  return shortcomingsOf({ files: [{ ...WHOLE, ...change }] });
}

describe('what a restoration lacks', () => {
  it.each([
    ['nothing', {}],
    ['nothing, while more keys are in the slots', { inCluster: 150 }],
    ['nothing, where keys may have expired', { inCluster: 95 }],
    ['nothing, where keys were not counted', { inCluster: null }],
  ])('%s', (_, change) => {
    expect(shortcomings(change)).toEqual([]);
  });

  it.each([
    [
      { report: { ...WHOLE.report, conflicts: KEYS }, sample: { compared: 60, different: KEYS } },
      'a.rdb: 2 keys are in the cluster with another value, and were left so: k1, k2',
    ],
    [{ report: { ...WHOLE.report, unreadable: KEYS } }, 'a.rdb: 2 keys cannot be read by the cluster: k1, k2'],
    [{ missing: 3 }, 'a.rdb: 3 of 100 keys are not accounted for.'],
    [
      { sample: { compared: 60, different: KEYS } },
      'a.rdb: 2 of 60 sampled keys are not in the cluster as they are in the file: k1, k2',
    ],
    [{ inCluster: 94 }, 'a.rdb: the cluster counts 94 keys in the slots of this file, which has 100.'],
  ])('%o', (change, sentence) => {
    expect(shortcomings(change)).toEqual([sentence]);
  });
});
