/** Which server program do we start? The one that was named, else the one that the machine has. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { OpsError } from '../errors.ts';

/** Looked for in this order: whoever has both asked for neither in particular. */
const SERVER_NAMES = ['redis-server', 'valkey-server'];

/**
 * The absolute path of the server to start: `explicit` where given (a path, or a name to be found on PATH), else
 * redis-server, else valkey-server, on PATH. Throws OpsError with what to install or to type.
 */
export function findServer(
  explicit: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const { PATH: searchPath = '' } = environment;
  if (explicit === undefined) return findFirst(SERVER_NAMES, searchPath) ?? noServer();
  const file = explicit.includes(path.sep) ? path.resolve(explicit) : findFirst([explicit], searchPath);
  if (file === null || !isExecutable(file))
    throw new OpsError('USAGE', `There is no program to run at ${explicit}.`, {
      suggestions: ['Name a redis-server or valkey-server with --server PATH.'],
    });
  return file;
}

function findFirst(names: readonly string[], searchPath: string): string | null {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  const candidates = names.flatMap((name) => folders.map((folder) => path.resolve(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function noServer(): never {
  throw new OpsError('FAILED', `Neither ${SERVER_NAMES.join(' nor ')} is on PATH.`, {
    suggestions: ['Install one (Debian: `apt-get install redis-server`), or name it with --server PATH.'],
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
