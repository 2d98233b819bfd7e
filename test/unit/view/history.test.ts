import { describe, expect, it } from 'vitest';
import { type HistoryRow, renderHistory, renderHistoryJson } from '../../../src/lib/view/history.ts';

const row: HistoryRow = {
  run: '20261123-011500-4e1f',
  beganAt: '2026-11-23T01:15:00.123Z',
  intention: 'move 10 slots',
  stepsEnded: 1,
  steps: 2,
  state: 'partial',
};

describe('history', () => {
  it('says so where there are no runs', () => {
    expect(renderHistory([], { color: false, width: null })).toBe('Nothing was done from this machine yet.');
    expect(renderHistoryJson([])).toEqual({ version: 1, runs: [] });
  });

  it('has a line for each run, in the order given', () => {
    const states: readonly HistoryRow['state'][] = ['running', 'interrupted', 'done', 'undone', 'failed', 'partial'];
    const text = renderHistory(
      states.map((state) => ({ ...row, state })),
      { color: false, width: null },
    );
    expect(text).toMatchInlineSnapshot(`
      "run                   began (UTC)          state        steps  what
      20261123-011500-4e1f  2026-11-23 01:15:00  running        1/2  move 10 slots
      20261123-011500-4e1f  2026-11-23 01:15:00  interrupted    1/2  move 10 slots
      20261123-011500-4e1f  2026-11-23 01:15:00  done           1/2  move 10 slots
      20261123-011500-4e1f  2026-11-23 01:15:00  undone         1/2  move 10 slots
      20261123-011500-4e1f  2026-11-23 01:15:00  failed         1/2  move 10 slots
      20261123-011500-4e1f  2026-11-23 01:15:00  partial        1/2  move 10 slots"
    `);
  });
});
