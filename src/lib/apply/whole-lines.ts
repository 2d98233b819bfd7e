/** Lines at the end of a file, each whole: what a full disk and a killed process make of a write. */
import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';

/**
 * Appends to a file that is open for reading and appending; where not all can be written, the file is as before, and what
 * the system says is thrown.
 */
export function appendLine(handle: number, line: string): void {
  const { size } = fstatSync(handle);
  try {
    writeAll(handle, `${isTorn(handle, size) ? '\n' : ''}${line}\n`);
  } catch (cause) {
    ftruncateSync(handle, size);
    throw cause;
  }
}

/** A full disk takes a part and says so at the next attempt only. */
export function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) from += writeSync(handle, bytes, from);
}

/** True where a process died, or the disk was full, in the middle of the last line: what follows must not become a part of it. */
export function isTorn(handle: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(handle, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}
