/**
 * A server that ends with this process, however that ends, because a shell watches over it:
 *
 *   this process ──pipe──► sh ──starts──► server
 *                              end of the pipe: kill -9 the server, THEN rm -rf its folder
 *
 * The system closes the pipe when this process ends, after `kill -9` too. There is no moment at which a server runs that
 * nobody would end: only the shell ever starts it, and nothing is started where the pipe ends before the settings do. The
 * server is the shell's child, so its id is nobody else's until the shell has waited for it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { OpsError } from '../errors.ts';
import { poll } from './poll.ts';
import { identifyProcess, signalProcess } from './process-identity.ts';
import type { ServerProcess } from './server-process.ts';
import { formatSettings, type ListenAddress, type ServerSettings } from './server-settings.ts';

/** From the shell's start to the server's: two processes and a few small files, on a machine that may be busy. */
const LAUNCH_TIMEOUT_MS = 30_000;
/** From the end of the pipe to the end of both: the system takes back the server's memory. */
const STOP_TIMEOUT_MS = 60_000;
/** What ends the settings on the shell's standard input: no setting is a single dot. */
const END_OF_SETTINGS = '.';

/**
 * The arguments: the folder to make, the program, and the file to read or nothing. The settings come on the standard
 * input, because arguments can be read by everybody. Prints the server's process id. Writing to a process that has ended
 * must not end the shell before its work is done, nor must a signal that is meant for others.
 */
const SCRIPT = `
trap '' HUP INT TERM PIPE
umask 077
mkdir -p "$1" && cd "$1" || exit
while IFS= read -r line && [ "$line" != ${END_OF_SETTINGS} ] && printf '%s\\n' "$line"; do :; done > server.conf
if [ "$line" = ${END_OF_SETTINGS} ] && { [ -z "$3" ] || ln -s "$3" dump.rdb; }; then
  "$2" server.conf < /dev/null > server.log 2>&1 &
  echo $!
  while read -r line; do :; done
  kill -9 $!
  wait $!
fi
cd / && rm -rf "$1"
`;

export interface WatchedServerOptions extends ListenAddress {
  /** Absolute path of redis-server or valkey-server. */
  readonly binary: string;
  /** Absolute path of its working directory, which is made, and removed in the end. */
  readonly dir: string;
  readonly settings: ServerSettings;
  /** The file that it reads at its start, as `dump.rdb`: a link, and never written to. Null: it begins empty. */
  readonly file: string | null;
}

export interface WatchedServer extends ServerProcess {
  /** Kills it and removes its folder. May be called twice. Throws TIMEOUT where it does not end. */
  stop(): Promise<void>;
}

/** Returns once there is a process; it may not serve yet. Throws FAILED, and nothing is left, where there is none. */
export async function startWatchedServer(options: WatchedServerOptions): Promise<WatchedServer> {
  const { host, port, dir } = options;
  const watcher = startWatcher(options);
  await poll(() => watcher.printed.endsWith('\n') || watcher.hasEnded, LAUNCH_TIMEOUT_MS);
  const pid = Number(watcher.printed);
  if (!Number.isSafeInteger(pid) || pid <= 1) {
    await stop(watcher, dir, null);
    throw new OpsError('FAILED', `No server can be started in ${dir}: ${watcher.complaint.trim() || 'no answer'}.`, {
      suggestions: ['Let XDG_STATE_HOME name a folder that can be written to.'],
    });
  }
  const server = { ...(identifyProcess(pid) ?? { pid, startTime: 'ended at once' }), host, port, dir };
  return { ...server, stop: () => stop(watcher, dir, server) };
}

interface Watcher {
  /** Its end is the server's end. */
  readonly pipe: Writable;
  printed: string;
  complaint: string;
  hasEnded: boolean;
}

function startWatcher({ binary, dir, file, settings }: WatchedServerOptions): Watcher {
  const shell = spawn('sh', ['-c', SCRIPT, 'watcher', dir, binary, file ?? ''], {
    cwd: '/',
    // In a session of its own: Ctrl-C on the terminal is for this process to understand.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const watcher: Watcher = { pipe: shell.stdin, printed: '', complaint: '', hasEnded: false };
  shell.stdout.setEncoding('utf8').on('data', (text) => {
    watcher.printed += text;
  });
  shell.stderr.setEncoding('utf8').on('data', (text) => {
    watcher.complaint += text;
  });
  const ended = (): void => {
    watcher.hasEnded = true;
  };
  shell.once('close', ended);
  shell.once('error', ended);
  // One that has ended reads nothing more, which is seen as its end.
  shell.stdin.on('error', () => undefined);
  shell.stdin.write(`${formatSettings(settings)}${END_OF_SETTINGS}\n`);
  // Whoever waits for it polls: a watcher that was forgotten must not keep this process from ending.
  for (const handle of [shell, shell.stdin, shell.stdout, shell.stderr]) unref(handle);
  return watcher;
}

/** The pipes of a child are sockets, though their types do not say so. */
function unref(handle: ChildProcess | Readable | Writable): void {
  (handle as Partial<Pick<ChildProcess, 'unref'>>).unref?.();
}

async function stop(watcher: Watcher, dir: string, server: ServerProcess | null): Promise<void> {
  watcher.pipe.end();
  const haveEnded = await poll(() => watcher.hasEnded && !isKilledAndThere(server), STOP_TIMEOUT_MS);
  if (!haveEnded)
    throw new OpsError('TIMEOUT', `The server in ${dir} has not ended within ${STOP_TIMEOUT_MS / 1000} s.`);
  if (server !== null) rmSync(dir, { recursive: true, force: true });
}

/** Where somebody has killed the watcher itself, its work is done here. */
function isKilledAndThere(server: ServerProcess | null): boolean {
  return server !== null && signalProcess(server, 'SIGKILL');
}
