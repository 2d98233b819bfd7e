/** The folders of a local cluster, one for each node: taken as a whole and removed as a whole. */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { OpsError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { serverDirectory } from './server-process.ts';
import { removeLocalState } from './state.ts';
import { hasErrorCode } from './system-error.ts';

/**
 * Creates the folders of new nodes, or none. Creating succeeds for one caller only: whoever has a folder owns what is
 * inside, and may remove it later. Throws OpsError REFUSED where one is there already, USAGE where `dir` cannot be made.
 */
export function claimFolders(dir: string, ports: readonly number[]): void {
  try {
    makeFolder(dir);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OpsError('USAGE', `The folder ${dir} cannot be made: ${reason}`, {
      suggestions: ['Choose another folder: --dir DIR'],
      cause,
    });
  }
  const claimed: number[] = [];
  try {
    for (const port of ports) {
      mkdirSync(serverDirectory(dir, port), { mode: 0o700 });
      claimed.push(port);
    }
  } catch (error) {
    for (const port of claimed) rmdirSync(serverDirectory(dir, port));
    if (!hasErrorCode(error, 'EEXIST')) throw error;
    const folder = serverDirectory(dir, ports[claimed.length] ?? 0);
    throw new OpsError('REFUSED', `${folder} is there already, and no record says that a local cluster owns it.`, {
      suggestions: ['Choose another folder or another first port, or remove that folder if nothing in it is needed.'],
    });
  }
}

/** Removes the nodes' folders with all that is in them and the record, and `dir` itself where nothing else is in it. */
export function removeData(dir: string, ports: readonly number[]): void {
  // The record goes LAST: while it is there, what is left can still be removed by `local down`.
  for (const port of ports) rmSync(serverDirectory(dir, port), { recursive: true, force: true });
  removeLocalState(dir);
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}
