/** The record of a local cluster, `<dir>/local.json`: which servers we started, so that we stop these and no others. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OpsError } from '../errors.ts';
import { isObject, parseJson } from '../json.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

export interface LocalState {
  readonly version: 1;
  /** Absolute path of the server program. */
  readonly binary: string;
  readonly host: string;
  /** Replicas of each primary. */
  readonly replicas: number;
  /** In the order of their ports. Each has its folder `<dir>/<port>/`. */
  readonly nodes: readonly LocalNode[];
}

export interface LocalNode {
  readonly port: number;
  /** Null where we stopped it ourselves and kept its data. */
  readonly process: ProcessIdentity | null;
}

/** True while the process that we started for this node runs. */
export function isUp(node: LocalNode): node is LocalNode & { readonly process: ProcessIdentity } {
  return node.process !== null && isRunning(node.process);
}

/** The file that holds the record. */
export function localStateFile(dir: string): string {
  return path.join(dir, 'local.json');
}

/** The record; null where no local cluster was started in this folder. Throws OpsError USAGE where it cannot be read. */
export function readLocalState(dir: string): LocalState | null {
  const file = localStateFile(dir);
  if (!existsSync(file)) return null;
  const parsed = parseLocalState(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'string') return parsed;
  throw new OpsError('USAGE', `${file} is not the record of a local cluster: ${parsed}.`, {
    suggestions: [`Stop the servers of that folder by hand if they still run, then delete ${dir}.`],
  });
}

/** Replaces the record in one step: a reader finds the old one or the new one, never a part. */
export function writeLocalState(dir: string, state: LocalState): void {
  const draft = draftFile(dir);
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, localStateFile(dir));
}

/** No record, no local cluster. */
export function removeLocalState(dir: string): void {
  // A draft is there where its writer was killed.
  rmSync(draftFile(dir), { force: true });
  rmSync(localStateFile(dir), { force: true });
}

/** One name for all writers: two of them at once is not a thing that happens to a folder of one's own. */
function draftFile(dir: string): string {
  return `${localStateFile(dir)}.draft`;
}

/** The record, or a phrase that says why the text is none. */
export function parseLocalState(text: string): LocalState | string {
  const value = parseJson(text);
  if (!isObject(value)) return 'it is not a JSON object';
  const { version, binary, host, replicas, nodes } = value;
  if (version !== 1) return `its version is ${JSON.stringify(version)}, and only 1 is known here`;
  if (typeof binary !== 'string' || !path.isAbsolute(binary)) return 'its binary is not an absolute path';
  if (typeof host !== 'string' || host === '') return 'its host is not an address';
  if (!isInteger(replicas, 0)) return 'its replicas are not a number';
  if (!Array.isArray(nodes) || nodes.length === 0) return 'it has no nodes';
  const read = nodes.map(parseNode);
  const wrong = read.indexOf(null);
  if (wrong !== -1) return `its node ${wrong + 1} is not a port with a process`;
  const sound = read.filter((node) => node !== null);
  if (new Set(sound.map((node) => node.port)).size < sound.length) return 'it names a port twice';
  return { version, binary, host, replicas, nodes: sound };
}

function parseNode(value: unknown): LocalNode | null {
  if (!isObject(value)) return null;
  const { port, process: owner } = value;
  if (!isInteger(port, 1) || port > 65535) return null;
  if (owner === null) return { port, process: null };
  if (!isObject(owner)) return null;
  const { pid, startTime } = owner;
  // Signals to 0 and to negative ids reach whole groups of processes; 1 is the system's own.
  return isInteger(pid, 2) && typeof startTime === 'string' ? { port, process: { pid, startTime } } : null;
}

function isInteger(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least;
}
