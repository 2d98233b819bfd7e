/** Running the real `cluster`, and the real redis-cli beside it, as a user does: as child processes. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeWithThisProcess } from './reaper.ts';
import { rememberRun } from './recent-runs.ts';
import { findServer, serverBinary } from './server-binaries.ts';

export interface RunOptions {
  /** What is piped in; without it, standard input is empty. */
  readonly input?: string;
  /** Typed, each when its text has been printed, one after the other; standard input then stays open to the end. */
  readonly replies?: readonly Typing[];
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A run that takes longer is killed, and the promise rejects with what it has printed. */
  readonly timeoutMs?: number;
  /** Sends signals: each once, in this order, when its text has been printed after the one before it was sent. */
  readonly interruptions?: readonly Interruption[];
}

interface Interruption {
  readonly signal: NodeJS.Signals;
  /** Looked for in stdout and stderr together; none means at once. */
  readonly when?: RegExp;
}

export interface RunResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

interface Typing {
  readonly when: RegExp;
  readonly text: string;
}

const RUN_TIMEOUT_MS = 60_000;
/** Runs another on a terminal of its own; part of every Linux. */
const TERMINAL_PROGRAM = 'script';
const EXECUTABLE = path.resolve(import.meta.dirname, '../../bin/run.js');

/** HOME and all XDG folders of every run in this test file: empty at its start, removed at its end. */
export const home = mkdtempSync(path.join(tmpdir(), 'cluster-home-'));
removeWithThisProcess(home);

/** `cluster ARGS`: the built executable. */
export function clusterCli(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [EXECUTABLE, ...args], options);
}

/**
 * `cluster ARGS` on a terminal of its own, by `script` of util-linux; what is printed comes as one, in stdout. Without
 * spaces or quotes in the words. `columns` is its width, which it does not know otherwise.
 */
export function clusterOnTerminal(
  args: readonly string[],
  { columns, ...options }: RunOptions & { readonly columns?: number } = {},
): Promise<RunResult> {
  const width = columns === undefined ? [] : [`stty columns ${columns};`];
  const line = [...width, process.execPath, EXECUTABLE, ...args].join(' ');
  return run(TERMINAL_PROGRAM, ['--quiet', '--return', '--command', line, '/dev/null'], options);
}

/** Is there a `script` to run things on a terminal? */
export function hasTerminals(): boolean {
  return spawnSync(TERMINAL_PROGRAM, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** `redis-cli ARGS`, or valkey-cli where the flavor has that. */
export function redisCli(
  args: readonly string[],
  options: RunOptions & { readonly flavor?: string } = {},
): Promise<RunResult> {
  return run(serverBinary(options.flavor).cli, args, options);
}

function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { input, replies = [], env = {}, cwd = home, timeoutMs = RUN_TIMEOUT_MS, interruptions = [] } = options;
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(command, args, { cwd, env: { ...cleanEnvironment(), ...env } });
    const output = { stdout: '', stderr: '', since: '', unanswered: '' };
    const pending = [...interruptions];
    const unsaid = [...replies];
    const reply = (): void => {
      const next = unsaid[0];
      if (next === undefined || !next.when.test(output.unanswered)) return;
      unsaid.shift();
      output.unanswered = '';
      child.stdin.write(next.text);
    };
    const interrupt = (): void => {
      const next = pending[0];
      if (next === undefined || !(next.when ?? /(?:)/).test(output.since)) return;
      pending.shift();
      output.since = '';
      child.kill(next.signal);
    };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text) => {
        output[name] += text;
        output.since += text;
        output.unanswered += text;
        interrupt();
        reply();
      });
    }
    let isTooLate = false;
    const timer = setTimeout(() => {
      isTooLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    // A child that does not read its input is no failure.
    child.stdin.on('error', () => undefined);
    if (replies.length === 0) child.stdin.end(input ?? '');
    child.once('spawn', interrupt);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const { stdout, stderr } = output;
      const told = `${command} ${args.join(' ')}\n${stdout}\n${stderr}`;
      rememberRun(`exit ${code ?? signal}: ${told}`);
      if (isTooLate) reject(new Error(`Killed after ${timeoutMs} ms: ${told}`));
      else resolve({ code, signal, stdout, stderr, durationMs: performance.now() - startedAt });
    });
  });
}

/** Only what a run needs: no password, colour setting or test mode of the outer environment reaches it. */
function cleanEnvironment(): Record<string, string> {
  const folders = {
    XDG_CONFIG_HOME: 'config',
    XDG_STATE_HOME: 'state',
    XDG_DATA_HOME: 'data',
    XDG_CACHE_HOME: 'cache',
  };
  const { PATH = '', TMPDIR = tmpdir() } = process.env;
  // A server that was fetched for the tests counts as one that the machine has.
  const server = findServer('default')?.server;
  const searched = server === undefined ? PATH : `${PATH}${path.delimiter}${path.dirname(server)}`;
  const environment: Record<string, string> = { PATH: searched, TMPDIR, HOME: home, LANG: 'C.UTF-8' };
  for (const [name, folder] of Object.entries(folders)) {
    environment[name] = path.join(home, folder);
    mkdirSync(path.join(home, folder), { recursive: true });
  }
  return environment;
}
