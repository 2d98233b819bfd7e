/**
 * The file of one run: lines are appended, each whole or absent, and on the disk before the call returns where that
 * matters.
 *
 * Somebody may remove the folder while the run goes on. A file that begins in the middle would be nobody's run, so a
 * new one begins with all that was written before.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { isTorn, writeAll } from './whole-lines.ts';

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
    makeFolder(path.dirname(this.path));
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

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
