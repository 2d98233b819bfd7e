/**
 * The folder of a backup: there whole, or not there. All is written into a sibling, which gets its name at the end:
 *
 *   DIR.partial-<run>/  owner.json                whose it is, so that the next run knows what it may clear away
 *                       redis-node-….rdb …        each on the disk before the next line
 *                       nodes.json manifest.json
 *   DIR                                           the same folder, without owner.json, renamed LAST
 */
import { mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { OpsError } from '../../errors.ts';
import type { ProcessIdentity } from '../journal.ts';

const OWNER_FILE = 'owner.json';
/** Keys may be secrets: the owner's only. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export interface BackupFolder {
  /** Where to write until {@link publishFolder}. */
  readonly partial: string;
  /** Absolute. */
  readonly final: string;
}

/** What is left of the disk that the folder would be on, in bytes; null where it cannot be told. */
export async function freeBytesFor(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path.dirname(path.resolve(directory)));
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Throws REFUSED where something is at that place already, USAGE where nothing can be put there. */
export async function refuseOccupied(directory: string): Promise<void> {
  const final = await placeOf(directory);
  const entries = await readdir(final).catch((cause: unknown) => {
    const code = codeOf(cause);
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR')
      throw new OpsError('REFUSED', `${directory} is there already, and is no folder.`, { cause });
    throw unwritable(directory, cause);
  });
  if (entries.length > 0) {
    throw new OpsError(
      'REFUSED',
      `The folder ${directory} is not empty (${entries[0]}, …), and nothing is overwritten.`,
      {
        suggestions: ['Name a folder that is empty or not there yet.'],
      },
    );
  }
  const parent = path.dirname(final);
  const [above, own] = await Promise.all([parent, final].map((place) => stat(place).catch(() => null)));
  // Found out now, and not when everything has been copied.
  if (above && own && above.dev !== own.dev) throw mountPoint(final);
  if (above?.isDirectory() === true) return;
  throw new OpsError('USAGE', `There is no folder ${parent} to make ${path.basename(final)} in.`, {
    suggestions: [`Make it first: mkdir -p ${parent}`],
  });
}

/**
 * A new partial folder, after the leftovers of dead runs for the same place are removed. Throws REFUSED where a living
 * one is at work on it, FAILED where the system refuses.
 */
export async function claimFolder(
  directory: string,
  run: string,
  owner: ProcessIdentity,
  isRunning: (owner: ProcessIdentity) => boolean,
): Promise<BackupFolder> {
  const final = await placeOf(directory);
  await clearLeftovers(final, isRunning);
  const partial = `${final}${PARTIAL}${run}`;
  try {
    await mkdir(partial, { mode: FOLDER_MODE });
    await writeWhole(path.join(partial, OWNER_FILE), `${JSON.stringify(owner)}\n`);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw cause instanceof OpsError ? cause : unwritable(partial, cause);
  }
  return { partial, final };
}

const PARTIAL = '.partial-';

/** Only folders with our owner's file in them, or with nothing in them: whatever else has such a name is not ours. */
async function clearLeftovers(final: string, isRunning: (owner: ProcessIdentity) => boolean): Promise<void> {
  const parent = path.dirname(final);
  const names = await readdir(parent).catch((): string[] => []);
  for (const name of names.filter((each) => each.startsWith(`${path.basename(final)}${PARTIAL}`))) {
    const leftover = path.join(parent, name);
    const owner = await readFile(path.join(leftover, OWNER_FILE), 'utf8').catch(() => null);
    if (owner === null) {
      await rmdir(leftover).catch(() => undefined);
      continue;
    }
    const identity = parseOwner(owner);
    if (identity !== null && isRunning(identity)) {
      throw new OpsError('REFUSED', `Another backup into ${final} is at work: process ${identity.pid}.`, {
        suggestions: ['Wait until it has ended, or name another folder.'],
      });
    }
    await rm(leftover, { recursive: true, force: true }).catch((cause: unknown) => {
      throw unwritable(leftover, cause);
    });
  }
}

/** Null where its writer was killed in the middle of it. */
function parseOwner(text: string): ProcessIdentity | null {
  try {
    const value = JSON.parse(text) as ProcessIdentity | null;
    return typeof value?.pid === 'number' && typeof value.startTime === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** Writes a file and waits until it is on the disk. Throws FAILED where the system refuses. */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', FILE_MODE);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** The partial folder becomes the backup: from here on it is one. Throws FAILED where the system refuses. */
export async function publishFolder({ partial, final }: BackupFolder): Promise<void> {
  try {
    await rm(path.join(partial, OWNER_FILE));
    await syncFolder(partial);
    await rename(partial, final);
    await syncFolder(path.dirname(final));
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== 'EBUSY' && code !== 'EXDEV') throw unwritable(final, cause);
    throw mountPoint(final);
  }
}

function mountPoint(final: string): OpsError {
  return new OpsError('USAGE', `${final} is a disk's own folder, which cannot be replaced as a whole.`, {
    suggestions: [`Name a folder below it: ${path.join(final, 'backup')}`],
  });
}

/** Absolute; where a link to an empty folder stands, that folder. */
function placeOf(directory: string): Promise<string> {
  return realpath(directory).catch(() => path.resolve(directory));
}

/** Nothing is left of it, unless the system refuses: then the next run for the same place removes it. */
export async function discardFolder({ partial }: BackupFolder): Promise<void> {
  await rm(partial, { recursive: true, force: true }).catch(() => undefined);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the system said when a file was written, as an operating failure. */
export function unwritable(place: string, cause: unknown): OpsError {
  const code = codeOf(cause);
  const reason =
    cause instanceof Error ? cause.message.replace(/^[A-Z]+: /, '').replace(/, \w+(?: '.*)?$/, '') : `${cause}`;
  const suggestions =
    code === 'ENOSPC' || code === 'EDQUOT' ? ['Make room on that disk, or name a folder on another.'] : [];
  return new OpsError('FAILED', `${place} cannot be written: ${reason}.`, { suggestions, cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
