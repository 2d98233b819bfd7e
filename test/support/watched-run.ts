/** A run of `cluster` that is met at a moment which its own journal names. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../../src/lib/assert.ts';
import { home, type RunOptions, type RunResult } from './executables.ts';
import { cluster } from './transcript.ts';

/** A journal of its own: runs in it are this test's. */
export interface StateFolder extends RunOptions {
  readonly env: Readonly<Record<'XDG_STATE_HOME', string>>;
}

export function newStateFolder(): StateFolder {
  return { env: { XDG_STATE_HOME: mkdtempSync(path.join(home, 'state-')) } };
}

/** The whole lines of the newest journal; none where there is no run yet. */
export function journalLines(state: StateFolder): readonly string[] {
  const newest = journals(state).at(-1);
  if (newest === undefined) return [];
  return readFileSync(path.join(runsFolder(state), newest), 'utf8')
    .split('\n')
    .slice(0, -1);
}

/** The files' names, oldest first. */
function journals(state: StateFolder): readonly string[] {
  try {
    return readdirSync(runsFolder(state)).sort();
  } catch {
    return [];
  }
}

function runsFolder({ env }: StateFolder): string {
  return path.join(env.XDG_STATE_HOME, 'cluster/runs');
}

export interface Moment {
  /** How many lines the journal has. */
  readonly lines: number;
  /** And so much later. */
  readonly afterMs?: number;
  /** Counted in the newest journal once there are so many; default 1. */
  readonly journals?: number;
}

const LOOK_EVERY_MS = 1;

/** Types the line, and calls `act` with the process id at the moment; not at all where the run ends before. */
export async function meetRun(
  line: string,
  state: StateFolder,
  { lines, afterMs = 0, journals: count = 1 }: Moment,
  act: (pid: number) => void | Promise<void>,
): Promise<RunResult> {
  let isOver = false;
  const running = cluster(line, state).finally(() => {
    isOver = true;
  });
  while (!isOver && (journals(state).length < count || journalLines(state).length < lines)) await sleep(LOOK_EVERY_MS);
  if (afterMs > 0) await sleep(afterMs);
  if (!isOver) {
    await act(processOf(state));
  }
  return running;
}

/** As {@link meetRun}, ending the process with a signal. */
export function killedRun(
  line: string,
  state: StateFolder,
  moment: Moment,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<RunResult> {
  return meetRun(line, state, moment, (pid) => {
    try {
      process.kill(pid, signal);
    } catch (cause) {
      // Its last line was written, and it has ended since.
      if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
    }
  });
}

/** Whoever wrote the last line that names a process: a run that is gone on with has had several. */
function processOf(state: StateFolder): number {
  const named = journalLines(state)
    .map((line) => JSON.parse(line) as { readonly process?: { readonly pid: number } })
    .flatMap(({ process: { pid } = {} }) => pid ?? []);
  return present(named.at(-1), 'the run has begun');
}
