/** Progress on stderr: a line that changes on a terminal, plain lines elsewhere, or NDJSON events. */
import type { Ora } from 'ora';
import type { ApplyEvent, BackupEvent, Emit } from '../apply/events.ts';
import type { StepKind } from '../plan/plan.ts';
import { foldPieces } from '../view/fit.ts';
import { isBackupEvent, renderBackupProgress } from './backup-progress.ts';
import { renderImportProgress } from './import-progress.ts';
import { renderMoveProgress } from './move-progress.ts';

export type ProgressMode = 'terminal' | 'plain' | 'json' | 'none';

export interface Progress {
  readonly emit: Emit;
  /** Runs `work` and says what is being done if it takes longer than a second. */
  during<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** Removes a changing line. Nothing is shown afterwards. */
  stop(): void;
}

/** Work that is done sooner than this is not worth a word. */
const QUIET_MS = 1000;

/** In redis-cli's words where it has any. */
const STAGES: Readonly<Record<StepKind, string>> = {
  reset: '>>> Resetting nodes',
  'set-epoch': '>>> Assign a different config epoch to each node',
  'add-slots': '>>> Nodes configuration updated',
  join: '>>> Sending CLUSTER MEET messages to join the cluster',
  replicate: '>>> Configuring replicas',
  'copy-functions': '>>> Getting functions from cluster',
  settle: '>>> Waiting until every node knows the new ones',
  forget: '>>> Sending CLUSTER FORGET messages to the cluster...',
  leave: '>>> Sending CLUSTER RESET SOFT to the deleted node.',
  'move-slots': '>>> Moving slots',
  'import-keys': '>>> Importing keys',
  'release-slots': '>>> Settling slots with several owners',
  'own-slots': '>>> Fixing slots coverage...',
  'settle-keys': '>>> Comparing keys that are on both sides',
  'gather-keys': '>>> Bringing keys to the owners of their slots',
  'close-slots': '>>> Closing open slots',
};

interface Display {
  /** A finished piece of news; stays on the screen. */
  line(text: string): void;
  /** The state of affairs; replaced by the next. */
  status(text: string): void;
  stop(): void;
}

export function startProgress(mode: ProgressMode): Progress {
  if (mode === 'json') return jsonProgress();
  const display = mode === 'terminal' ? terminalDisplay() : mode === 'plain' ? plainDisplay() : SILENT;
  return {
    emit: (event) => show(display, event),
    during: (what, work) => during(display, what, work),
    stop: () => display.stop(),
  };
}

function show(display: Display, event: ApplyEvent): void {
  if (event.event === 'stage-begin') display.line(STAGES[event.kind]);
  else if (event.event === 'undo-begin') display.line('>>> Undoing what was begun');
  else if (event.event === 'move-retry') display.line(event.because);
  else if (event.event === 'notice') display.line(event.message);
  else if (isBackupEvent(event)) display.status(renderBackupProgress(event));
  else display.status(statusOf(event));
}

/** Empty once there is nothing more to say about it. */
function statusOf(
  event: Exclude<ApplyEvent, BackupEvent | { event: 'stage-begin' | 'undo-begin' | 'move-retry' | 'notice' }>,
): string {
  if (event.event === 'move-progress') return renderMoveProgress(event);
  if (event.event === 'import-progress') return renderImportProgress(event);
  if (event.event === 'step-end') return event.steps === 1 ? '' : `${event.done} of ${event.steps} steps done`;
  if (event.event !== 'wait') return '';
  const [first = '', ...others] = event.missing;
  return `Waiting for ${event.what}: ${first}${others.length === 0 ? '' : `, and ${others.length} more`}`;
}

async function during<Result>(display: Display, what: string, work: () => Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => display.status(what), QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    display.status('');
  }
}

/** The spinner is loaded when the first status is shown: most commands are done before. */
function terminalDisplay(): Display {
  let spinner: Ora | null = null;
  let wanted = '';
  const load = async (): Promise<void> => {
    const { default: ora } = await import('ora');
    spinner ??= ora({ stream: process.stderr, discardStdin: false });
    if (wanted !== '') spinner.start(wanted);
  };
  return {
    line: (text) => {
      wanted = '';
      spinner?.stop();
      process.stderr.write(`${text}\n`);
    },
    status: (whole) => {
      const text = withinTerminal(whole, process.stderr.columns);
      wanted = text;
      if (text === '') spinner?.stop();
      else if (spinner === null) void load();
      else if (spinner.isSpinning) spinner.text = text;
      else spinner.start(text);
    },
    stop: () => {
      wanted = '';
      spinner?.stop();
    },
  };
}

/** What the spinner takes before the text. */
const SPINNER_WIDTH = 2;

/** Folded where its pieces meet, not in the middle of a number. */
export function withinTerminal(text: string, columns: number | undefined): string {
  if (!columns) return text;
  return foldPieces(text.split('  '), '  ', columns - SPINNER_WIDTH - 1).join(`\n${' '.repeat(SPINNER_WIDTH)}`);
}

/** Where a line cannot change, the same state of affairs is said again only after this long. */
const REPEAT_MS = 5000;

function plainDisplay(): Display {
  let saidAt = performance.now();
  return {
    line: (text) => {
      saidAt = performance.now();
      process.stderr.write(`${text}\n`);
    },
    status: (text) => {
      if (text === '' || performance.now() - saidAt < QUIET_MS) return;
      saidAt = performance.now() + REPEAT_MS;
      process.stderr.write(`${text}\n`);
    },
    stop: () => undefined,
  };
}

const SILENT: Display = { line: () => undefined, status: () => undefined, stop: () => undefined };

function jsonProgress(): Progress {
  const write = (event: object): void => void process.stderr.write(`${JSON.stringify(event)}\n`);
  return {
    emit: write,
    during: (what, work) => {
      write({ event: 'begin', what });
      return work();
    },
    stop: () => undefined,
  };
}
