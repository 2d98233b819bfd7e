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
 * What announces a change throws where it cannot be written, before anything is changed: REFUSED at the beginning of a
 * run, FAILED later. What only records it does not stop a change that is under way: the operator is told once.
 *
 * No secret is ever in a plan, hence none in a journal.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { OpsError } from '../errors.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { NodeRef, Plan } from '../plan/plan.ts';
import { JournalFile } from './journal-file.ts';

export type Outcome = 'done' | 'undone' | 'failed' | 'partial';

export interface Journal {
  /** Also the file's name without its ending. */
  readonly run: string;
  begin(plan: Plan): void;
  /** Indexes into the plan's steps, BEFORE they act. */
  stepBegin(steps: readonly number[]): void;
  /** Indexes into the plan's steps, AFTER their effect was seen. */
  stepEnd(steps: readonly number[]): void;
  /** For the record. Slots of a move: `opening` BEFORE the first of them is opened, `closed` AFTER none of them is open any more, wherever they are. */
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
  readonly warn?: Warn;
}

/** Tells the operator what the journal has missed, at most once for each journal. */
export type Warn = (text: string) => void;

/** A new journal. Each line but those of slots is on the disk before the call returns. */
export function openJournal({ directory, now, process, suffix, undoes, warn }: JournalOptions): Journal {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return journalIn(new JournalFile(directory, `${stamp}-${suffix}`), process, { undoes, warn });
}

/** Writes on in the journal of an earlier run: to close what was interrupted. */
export function continueJournal(directory: string, run: string, process: ProcessIdentity, warn?: Warn): Journal {
  return journalIn(new JournalFile(directory, run), process, { warn });
}

interface Extras {
  readonly undoes?: string | undefined;
  readonly warn?: Warn | undefined;
}

function journalIn(file: JournalFile, process: ProcessIdentity, { undoes, warn }: Extras): Journal {
  const at = (): string => new Date().toISOString();
  const announce = (line: object): void => announced(file, line, 'FAILED');
  const record = recorder(file, warn);
  return {
    run: file.run,
    begin: (plan) => announced(file, beginLine(file.run, process, at(), plan, undoes), 'REFUSED'),
    stepBegin: (steps) => announce({ line: 'step-begin', at: at(), steps }),
    stepEnd: (steps) => record({ line: 'step-end', at: at(), steps }),
    // There are hundreds of them while keys move, and nobody needs them to go on: they may wait for the system's own time.
    slots: (step, state, slots) => record({ line: 'slots', at: at(), step, state, slots }, { isDurable: false }),
    setting: (state, change) =>
      (state === 'changing' ? announce : record)({ line: 'setting', at: at(), state, change }),
    end: (outcome) => record({ line: 'end', at: at(), outcome }),
  };
}

function beginLine(run: string, process: ProcessIdentity, at: string, plan: Plan, undoes: string | undefined): object {
  return { line: 'begin', run, process, at, ...(undoes === undefined ? {} : { undoes }), plan };
}

/**
 * For going on with an earlier run: its steps are that run's rest, its end is that run's. A rest that cannot be begun
 * leaves the run as unfinished as it was.
 */
export function resumeJournal(directory: string, run: string, process: ProcessIdentity, warn?: Warn): Journal {
  const file = new JournalFile(directory, run);
  const journal = journalIn(file, process, { warn });
  return {
    ...withoutNotes(journal),
    begin: () => announced(file, { line: 'resume', process, at: new Date().toISOString() }, 'REFUSED'),
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

function announced(file: JournalFile, line: object, code: 'REFUSED' | 'FAILED'): void {
  try {
    file.append(line, { isDurable: true });
  } catch (cause) {
    const nothing = code === 'REFUSED' ? ' Nothing was changed.' : '';
    throw new OpsError(code, `The journal ${file.path} cannot be written: ${reasonOf(cause)}.${nothing}`, {
      suggestions: [
        'Without it, what is interrupted could neither be gone on with nor taken back. Make room for it, or name another folder in XDG_STATE_HOME.',
      ],
      cause,
    });
  }
}

function recorder(
  file: JournalFile,
  warn: Warn = () => undefined,
): (line: object, how?: { isDurable: boolean }) => void {
  let hasWarned = false;
  return (line, how = { isDurable: true }) => {
    try {
      file.append(line, how);
    } catch (cause) {
      if (!hasWarned)
        warn(`[WARNING] The journal ${file.path} cannot be written, and misses what is done now: ${reasonOf(cause)}.`);
      hasWarned = true;
    }
  };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * Every run in the directory, newest first. A file without a whole first line never changed anything and is left out.
 * Throws FAILED where they cannot be read.
 */
export function readRuns(directory: string): readonly Run[] {
  if (!existsSync(directory)) return [];
  return (
    readTexts(directory)
      .flatMap((text) => parseRun(text) ?? [])
      // Not by name: of two runs that began in one second the names tell no order.
      .sort((one, other) => compareText(other.beganAt, one.beganAt))
  );
}

function readTexts(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
    return names.map((name) => readFileSync(path.join(directory, name), 'utf8'));
  } catch (cause) {
    throw new OpsError('FAILED', `The journal in ${directory} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
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
