/**
 * The journal: what was begun and what was finished, on disk before it happens. One file for each run, JSON Lines,
 * each line whole or absent; a run whose process died without an `end` line was interrupted.
 *
 *   {"line":"begin","run":"20261123-011500-4e1f","process":{"pid":4711,"startTime":"…"},"at":"…","plan":{…}}
 *   {"line":"step-begin","at":"…","steps":[0,1,2]}
 *   {"line":"slots","at":"…","step":3,"state":"opening","slots":[[0,63]]}
 *   {"line":"slots","at":"…","step":3,"state":"closed","slots":[[0,63]]}
 *   {"line":"setting","at":"…","state":"changing","change":{"node":{…},"name":"…","before":"yes"}}
 *   {"line":"setting","at":"…","state":"restored","change":{"node":{…},"name":"…","before":"yes"}}
 *   {"line":"step-end","at":"…","steps":[0,1,2]}
 *   {"line":"end","at":"…","outcome":"done"}
 *
 * A run that is gone on with writes on in its own journal: {"line":"resume","process":{…},"at":"…"}, and another end.
 *
 * No secret is ever in a plan, hence none in a journal.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { OpsError } from '../errors.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { NodeRef, Plan } from '../plan/plan.ts';

export type Outcome = 'done' | 'undone' | 'failed' | 'partial';

export interface Journal {
  /** Also the file's name without its ending. */
  readonly run: string;
  begin(plan: Plan): void;
  /** Indexes into the plan's steps, BEFORE they act. */
  stepBegin(steps: readonly number[]): void;
  /** Indexes into the plan's steps, AFTER their effect was seen. */
  stepEnd(steps: readonly number[]): void;
  /** For the record. Slots of a move: `opening` BEFORE the first of them is opened, `closed` AFTER none of them is open any more. */
  slots(step: number, state: 'opening' | 'closed', slots: SlotSet): void;
  /** A server's setting that is changed for as long as the run lasts: BEFORE it is, and AFTER it is as before again. */
  setting(state: 'changing' | 'restored', change: SettingChange): void;
  end(outcome: Outcome): void;
}

export interface SettingChange {
  readonly node: NodeRef;
  readonly name: string;
  /** The value to go back to. */
  readonly before: string;
}

/** Whose run it is: a pid alone may be another process's by now. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in whatever form the system tells it. */
  readonly startTime: string;
}

/** A journal as read back. */
export interface Run {
  readonly run: string;
  readonly process: ProcessIdentity;
  readonly plan: Plan;
  readonly begun: ReadonlySet<number>;
  readonly ended: ReadonlySet<number>;
  readonly beganAt: string;
  /** Null while it runs, and for ever when it was killed. */
  readonly outcome: Outcome | null;
  /** The run that this one takes back. */
  readonly undoes?: string;
  /** Those that the run changed and did not live to put back. */
  readonly settings: readonly SettingChange[];
}

export interface JournalOptions {
  /** Created when it is not there. */
  readonly directory: string;
  readonly now: Date;
  readonly process: ProcessIdentity;
  /** Four or more characters that make the name unique among runs of the same second. */
  readonly suffix: string;
  /** The run that this one takes back. */
  readonly undoes?: string;
}

/** A new journal. Each line but those of slots is on the disk before the call returns. */
export function openJournal({ directory, now, process, suffix, undoes }: JournalOptions): Journal {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return continueJournal(directory, `${stamp}-${suffix}`, process, undoes);
}

/** Writes on in the journal of an earlier run: to close what was interrupted. */
export function continueJournal(directory: string, run: string, process: ProcessIdentity, undoes?: string): Journal {
  const write = (line: object): void => writeLine(directory, run, line);
  // There are hundreds of them while keys move, and nobody needs them to go on: they may wait for the system's own time,
  // and a disk that has become full does not stop the move half-way.
  const note = (line: object): void => unlessRefused(() => writeLine(directory, run, line, false));
  const at = (): string => new Date().toISOString();
  return {
    run,
    begin: (plan) =>
      write({ line: 'begin', run, process, at: at(), ...(undoes === undefined ? {} : { undoes }), plan }),
    stepBegin: (steps) => write({ line: 'step-begin', at: at(), steps }),
    stepEnd: (steps) => write({ line: 'step-end', at: at(), steps }),
    slots: (step, state, slots) => note({ line: 'slots', at: at(), step, state, slots }),
    setting: (state, change) => write({ line: 'setting', at: at(), state, change }),
    // Without it the run counts as interrupted, which is safe; what is to be said of its end must not be hidden.
    end: (outcome) => unlessRefused(() => write({ line: 'end', at: at(), outcome })),
  };
}

/**
 * For going on with an earlier run: its steps are that run's rest, its end is that run's. A rest that cannot be begun
 * leaves the run as unfinished as it was.
 */
export function resumeJournal(directory: string, run: string, process: ProcessIdentity): Journal {
  const journal = continueJournal(directory, run, process);
  return {
    ...withoutNotes(journal),
    begin: () => writeLine(directory, run, { line: 'resume', process, at: new Date().toISOString() }),
    end: (outcome) => journal.end(outcome === 'failed' ? 'partial' : outcome),
  };
}

/** For changes that the journal of a run covers already, so that nothing more need be written. */
export function coveredBy(run: string): Journal {
  const nothing = (): void => undefined;
  return { run, begin: nothing, stepBegin: nothing, stepEnd: nothing, slots: nothing, setting: nothing, end: nothing };
}

/** The journal for steps that are not the plan's: they would be taken for steps of the same number. */
export function withoutNotes(journal: Journal): Journal {
  return { ...journal, stepBegin: () => undefined, stepEnd: () => undefined, slots: () => undefined };
}

/** Throws FAILED where the system refuses: what is not on record must not happen. */
function writeLine(directory: string, run: string, line: object, isDurable = true): void {
  const file = path.join(directory, `${run}.jsonl`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const handle = openSync(file, 'a+', 0o600);
    try {
      writeSync(handle, `${isTorn(handle) ? '\n' : ''}${JSON.stringify(line)}\n`);
      if (isDurable) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OpsError('FAILED', `The journal ${file} cannot be written: ${reason}`, {
      suggestions: ['Make room there, or let XDG_STATE_HOME name another folder.'],
      cause,
    });
  }
}

function unlessRefused(write: () => void): void {
  try {
    write();
  } catch (cause) {
    if (!(cause instanceof OpsError)) throw cause;
  }
}

/** True where a process died in the middle of the last line: what follows must not become a part of it. */
function isTorn(handle: number): boolean {
  const { size } = fstatSync(handle);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(handle, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}

/** Every run in the directory, newest first. A file without a whole first line never changed anything and is left out. */
export function readRuns(directory: string): readonly Run[] {
  if (!existsSync(directory)) return [];
  return (
    readdirSync(directory)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => parseRun(readFileSync(path.join(directory, name), 'utf8')) ?? [])
      // Not by name: of two runs that began in one second the names tell no order.
      .sort((one, other) => compareText(other.beganAt, one.beganAt))
  );
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Null where there is no whole `begin` line. A torn last line is passed over: what it announced did not begin. */
function parseRun(text: string): Run | null {
  let run = null as Omit<Run, 'begun' | 'ended' | 'outcome' | 'settings'> | null;
  const begun = new Set<number>();
  const ended = new Set<number>();
  const settings = new Map<string, SettingChange>();
  let outcome: Outcome | null = null;
  for (const raw of text.split('\n')) {
    const line = parseLine(raw);
    if (line === null) continue;
    if (line.line === 'begin' && line.plan?.version === 1)
      run = {
        run: line.run,
        process: line.process,
        beganAt: line.at,
        plan: line.plan,
        ...(line.undoes === undefined ? {} : { undoes: line.undoes }),
      };
    else if (line.line === 'resume' && run !== null) {
      run = { ...run, process: line.process };
      outcome = null;
      for (const step of run.plan.steps.keys()) begun.add(step);
    }
    if (line.line === 'step-begin') for (const step of line.steps) begun.add(step);
    else if (line.line === 'step-end') for (const step of line.steps) ended.add(step);
    else if (line.line === 'setting') {
      const key = `${line.change.node.id} ${line.change.name}`;
      if (line.state === 'changing') settings.set(key, line.change);
      else settings.delete(key);
    } else if (line.line === 'end') outcome = line.outcome;
  }
  return run === null ? null : { ...run, begun, ended, outcome, settings: [...settings.values()] };
}

type Line =
  | { line: 'begin'; run: string; at: string; process: ProcessIdentity; plan: Plan; undoes?: string }
  | { line: 'resume'; process: ProcessIdentity }
  | { line: 'step-begin' | 'step-end'; steps: readonly number[] }
  | { line: 'slots'; step: number; state: 'opening' | 'closed'; slots: SlotSet }
  | { line: 'setting'; state: 'changing' | 'restored'; change: SettingChange }
  | { line: 'end'; outcome: Outcome };

function parseLine(raw: string): Line | null {
  if (raw === '') return null;
  try {
    return JSON.parse(raw) as Line;
  } catch {
    return null;
  }
}
