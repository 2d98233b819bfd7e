/**
 * Nothing outlives the tests, even if the test process is killed with SIGKILL (and vitest ends its workers without an
 * 'exit' event): a small shell reads a pipe from the test process, and the system closes the pipe when that process
 * ends, however it ends.
 *
 *   test process ──pipe──► sh: "kill PID", "remove PATH": noted
 *                              end of file: kill -9 every PID, THEN rm -rf every PATH
 *
 * The shell is in a session of its own, so that Ctrl-C in a terminal does not end it before it has done its work. It
 * compares start times before it kills, because process ids are used again.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

const SCRIPT = `
birth() {
  if [ -r /proc/self/stat ]; then cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null
  else ps -o lstart= -p "$1" | tr ' ' _; fi
}
processes=
while read -r verb value; do
  case $verb in
    kill) processes="$processes $value/$(birth "$value")" ;;
    remove) set -- "$@" "$value" ;;
  esac
done
for process in $processes; do
  pid=\${process%%/*}
  [ "$(birth "$pid")" = "\${process#*/}" ] && kill -9 "$pid" 2>/dev/null
done
rm -rf "$@"
`;

let pipe: Socket | null = null;

/** Kills this process when the test process ends; one that has ended before is left alone. */
export function killWithThisProcess(pid: number): void {
  tell(`kill ${pid}`);
}

/** Removes this file or folder when the test process ends, after the processes above have been killed. */
export function removeWithThisProcess(path: string): void {
  tell(`remove ${path}`);
}

function tell(order: string): void {
  pipe ??= startShell();
  pipe.write(`${order}\n`);
}

function startShell(): Socket {
  const shell = spawn('sh', ['-c', SCRIPT, 'reaper'], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // The pipe is a socket to Node; neither it nor the shell is to keep the test process alive.
  const stdin = shell.stdin as Socket;
  stdin.unref();
  shell.unref();
  return stdin;
}
