/**
 * The file of one run: lines are appended, each whole or absent, and on the disk before the call returns where that
 * matters.
 *
 * Somebody may remove the folder while the run goes on. A file that begins in the middle would be nobody's run, so a
 * new one begins with all that was written before.
 */
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';

export class JournalFile {
  readonly run: string;
  readonly path: string;
  #written: string;
  /** What could not be written when it should have been; it comes before what is written next. */
  #pending = '';

  /** `run` may have a file already: it is written on. */
  constructor(directory: string, run: string) {
    this.run = run;
    this.path = path.join(directory, `${run}.jsonl`);
    const text = readIfThere(this.path);
    this.#written = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  }

  /** Throws what the system says where it cannot be written. Not `isDurable`: it may wait for the system's own time. */
  append(line: object, { isDurable }: { readonly isDurable: boolean }): void {
    this.#pending += `${JSON.stringify(line)}\n`;
    mkdirSync(path.dirname(this.path), { recursive: true, mode: 0o700 });
    const handle = openSync(this.path, 'a+', 0o600);
    try {
      const { size } = fstatSync(handle);
      const before = size === 0 ? this.#written : isTorn(handle, size) ? '\n' : '';
      writeAll(handle, `${before}${this.#pending}`);
      if (isDurable) fsyncSync(handle);
      this.#written += this.#pending;
      this.#pending = '';
    } finally {
      closeSync(handle);
    }
  }
}

/** A full disk takes a part and says so at the next attempt only. */
function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) from += writeSync(handle, bytes, from);
}

/** True where a process died, or the disk was full, in the middle of the last line: what follows must not become a part of it. */
function isTorn(handle: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return readSync(handle, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
