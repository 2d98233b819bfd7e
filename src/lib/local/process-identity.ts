/**
 * Is this still the process we started? A process id alone does not say: once its process has ended, the system gives
 * it to another. Id and start time together name one process for good.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hasErrorCode } from './system-error.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own terms: to be compared, not to be read. */
  readonly startTime: string;
}

/** What is running under this id now; null where nothing is, or only the entry of a process that has ended. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const startTime = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === null ? null : { pid, startTime };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/** Sends the signal to exactly this process. False, and nothing sent, where it is not running any more. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (hasErrorCode(error, 'ESRCH')) return false;
    throw error;
  }
}

/**
 * Boot and clock ticks since boot, because ticks start anew with the machine. Source: proc(5), /proc/PID/stat: field 3
 * is the state, field 22 the start time; field 2 is in parentheses and may hold anything, so fields count from the last
 * closing one.
 */
function startTimeFromProc(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const [state = '', ...later] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = later[18];
  return hasEnded(state) || ticks === undefined
    ? null
    : `${readIfThere('/proc/sys/kernel/random/boot_id')?.trim()}/${ticks}`;
}

/** A file below /proc may vanish while it is being read: that is ESRCH. */
function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

function startTimeFromPs(pid: number): string | null {
  try {
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'ignore'] };
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], options as { encoding: 'utf8' }).trim();
    const [state = '', ...startTime] = line.split(/\s+/);
    return hasEnded(state) ? null : startTime.join(' ');
  } catch (error) {
    // ps ends with code 1 where no such process exists; a ps that cannot be run has no code and is a failure.
    if (hasErrorCode(error, 'ENOENT')) throw error;
    return null;
  }
}

/** A zombie has ended; only its parent has not asked yet. Where init does not, it stays a zombie. */
function hasEnded(state: string): boolean {
  return state === '' || /^[ZXx]/.test(state);
}
