/**
 * No server outlives the tests, even if the test process is killed with SIGKILL: each server has a small shell beside
 * it that reads a pipe from the test process. The system closes the pipe when the test process ends, however it ends.
 *
 *   test process ──pipe──► sh: "released" -> ends, does nothing
 *                              end of file -> kill -9 SERVER, remove its folder
 *
 * The shell is in a session of its own, so that Ctrl-C in a terminal does not end it before it has done its work. On
 * Linux it compares the start time (field 22 of /proc/PID/stat) before it kills, because process ids are used again.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

const SCRIPT = `
birth() { cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null; }
born=$(birth "$1")
read -r released && exit 0
[ "$(birth "$1")" = "$born" ] && kill -9 "$1" 2>/dev/null
rm -rf "$2"
`;

/** Kills `pid` and removes `folder` when this process ends. The returned function calls that off. */
export function reapWithThisProcess(pid: number, folder: string): () => void {
  const shell = spawn('sh', ['-c', SCRIPT, 'reaper', `${pid}`, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const { stdin } = shell;
  // The pipe is a socket to Node; neither it nor the shell is to keep this process alive.
  (stdin as Socket).unref();
  shell.unref();
  // A shell that was ended by someone else has nothing left to be told.
  stdin.on('error', () => undefined);
  return () => {
    stdin.end('released\n');
  };
}
