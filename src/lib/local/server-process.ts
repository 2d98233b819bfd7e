/**
 * One server process: launch it, wait until it serves, stop it. It is detached: it lives on when this program ends, and
 * whoever stops it later does so by its identity.
 *
 *   <dir>/<port>/server.conf   written anew at each start, readable by the owner only
 *                server.log    what it prints
 *                nodes.conf    what it knows of its cluster: its own file
 *                dump.rdb      its data
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OpsError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { poll } from './poll.ts';
import { type ProbeTls, probe, probeTls, SILENT } from './probe.ts';
import { identifyProcess, isRunning, type ProcessIdentity, signalProcess } from './process-identity.ts';
import { clusterSettings, formatSettings, type ListenAddress, type ServerSettings } from './server-settings.ts';

export interface LaunchOptions extends ListenAddress {
  /** Absolute path of redis-server or valkey-server. */
  readonly binary: string;
  /** The folder that holds one folder per server. */
  readonly dir: string;
  /** Beside or instead of {@link clusterSettings}. */
  readonly settings?: ServerSettings;
}

export interface ServerProcess extends ProcessIdentity {
  readonly host: string;
  readonly port: number;
  /** Its working directory. */
  readonly dir: string;
  readonly tls?: ProbeTls;
}

/** From launch to the first answer; it includes reading the data of a kept node. */
const START_TIMEOUT_MS = 60_000;
/** From the signal to the end of the process; it includes writing the data. */
const STOP_TIMEOUT_MS = 60_000;
const LOG_LINES_SHOWN = 8;

/** The working directory of the server on this port. */
export function serverDirectory(dir: string, port: number): string {
  return path.join(dir, `${port}`);
}

/**
 * Starts the process and returns at once, so that the caller can note its identity before anything else happens.
 * Throws OpsError FAILED where the program cannot be run.
 */
export function launchServer(options: LaunchOptions): ServerProcess {
  const dir = serverDirectory(path.resolve(options.dir), options.port);
  const settings = { ...clusterSettings(options), ...options.settings };
  makeFolder(dir);
  writeFileSync(path.join(dir, 'server.conf'), formatSettings(settings), { mode: 0o600 });
  const log = openSync(logFile(dir), 'a', 0o600);
  const child = spawn(options.binary, ['server.conf'], { cwd: dir, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  // Where there is no process id, 'error' follows in the next turn; it says no more than the sentence below.
  child.once('error', () => undefined);
  if (child.pid === undefined) throw new OpsError('FAILED', `${options.binary} cannot be run.`);
  child.unref();
  const tls = probeTls(settings, dir);
  const identity = identifyProcess(child.pid) ?? { pid: child.pid, startTime: 'ended at once' };
  return { ...identity, host: options.host, port: options.port, dir, ...(tls === undefined ? {} : { tls }) };
}

/**
 * Resolves once the server serves. Throws OpsError with the end of its log: FAILED where it ended or another process
 * answers on its port, TIMEOUT where it does not answer within `startTimeoutMs`; INTERRUPTED once the signal has fired.
 * It stops nothing.
 */
export async function waitUntilServing(
  server: ServerProcess,
  startTimeoutMs = START_TIMEOUT_MS,
  signal?: AbortSignal,
): Promise<void> {
  let answer = SILENT;
  const serves = await poll(async () => {
    if (signal?.aborted) throw new OpsError('INTERRUPTED', 'Interrupted by the operator.');
    if (!isRunning(server))
      throw new OpsError('FAILED', `The server for port ${server.port} ended at its start. ${endOfLog(server)}`);
    answer = await probe(server);
    if (answer.pid !== null && answer.pid !== server.pid)
      throw new OpsError('FAILED', `Process ${answer.pid}, which we did not start, serves port ${server.port}.`);
    return answer.state === 'serving';
  }, startTimeoutMs);
  if (serves) return;
  const progress = answer.state === 'loading' ? 'still reads its data' : 'does not answer';
  throw new OpsError(
    'TIMEOUT',
    `The server on port ${server.port} ${progress} after ${startTimeoutMs} ms. ${endOfLog(server)}`,
  );
}

/**
 * Ends exactly this process; false where it was not running any more. With `save` it is asked (SIGTERM) and writes its
 * data first; one that does not end within `stopTimeoutMs` is left running and OpsError TIMEOUT is thrown, because
 * killing it would lose what it has not written. Without `save` it is killed.
 */
export async function stopServer(
  server: ProcessIdentity & { readonly port: number; readonly dir: string },
  options: { readonly save: boolean; readonly stopTimeoutMs?: number },
): Promise<boolean> {
  const stopTimeoutMs = options.stopTimeoutMs ?? STOP_TIMEOUT_MS;
  if (!signalProcess(server, options.save ? 'SIGTERM' : 'SIGKILL')) return false;
  if (await poll(() => !isRunning(server), stopTimeoutMs)) return true;
  throw new OpsError(
    'TIMEOUT',
    `The server on port ${server.port} (process ${server.pid}) has not ended within ${stopTimeoutMs} ms. ${endOfLog(server)}`,
    { suggestions: [`Read ${logFile(server.dir)}: a server that cannot write its data does not stop.`] },
  );
}

/** All that the server has printed in this folder, over all its starts; empty where there is no log. */
export function readServerLog(dir: string): string {
  return existsSync(logFile(dir)) ? readFileSync(logFile(dir), 'utf8') : '';
}

function logFile(dir: string): string {
  return path.join(dir, 'server.log');
}

/** A sentence with the last lines that the server printed. */
export function endOfLog({ dir }: { readonly dir: string }): string {
  const lines = readServerLog(dir)
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) return `Its log (${logFile(dir)}) is empty.`;
  return [`Its log (${logFile(dir)}) ends with:`, ...lines.slice(-LOG_LINES_SHOWN)].join('\n  ');
}
