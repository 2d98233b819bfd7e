/** The runs of this machine as a table. */
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

export interface HistoryRow {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly beganAt: string;
  readonly intention: string;
  readonly stepsEnded: number;
  readonly steps: number;
  /** `interrupted` was killed; `partial` stopped part-way; both can be resumed. */
  readonly state: 'running' | 'interrupted' | 'done' | 'undone' | 'failed' | 'partial';
}

export interface HistoryDocument {
  readonly version: 1;
  readonly runs: readonly HistoryRow[];
}

export function renderHistoryJson(runs: readonly HistoryRow[]): HistoryDocument {
  return { version: 1, runs };
}

/** Newest first, as they are given; a sentence where there are none. */
export function renderHistory(runs: readonly HistoryRow[], style: Style): string {
  if (runs.length === 0) return 'Nothing was done from this machine yet.';
  return renderTable(
    [
      { head: 'run' },
      { head: 'began (UTC)' },
      { head: 'state' },
      { head: 'steps', align: 'right' },
      { head: 'what', isProse: true },
    ],
    runs.map(({ run, beganAt, state, stepsEnded, steps, intention }) => [
      run,
      beganAt.slice(0, 19).replace('T', ' '),
      state,
      `${stepsEnded}/${steps}`,
      intention,
    ]),
    style,
  );
}
