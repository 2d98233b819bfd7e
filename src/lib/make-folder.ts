/**
 * Makes a folder, readable by its owner only, and those above it. Not Node's own `recursive`: where the system takes no
 * folders, as in /proc, that tries for ever (Node 20 and 22).
 */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** There already is fine. Throws what the system says. */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const above = path.dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    // Somebody else has made it meanwhile.
    if (!isFolder(folder)) throw cause;
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}
