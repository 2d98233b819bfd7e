/**
 * The file of values that lost against another of the same key, for the operator who chose wrongly: JSON Lines,
 * `<state>/cluster/aside/<run>.jsonl`, readable by its owner only.
 *
 *   {"at":"…","slot":7,"database":0,"key":"<base64>","type":"string","ttlMs":-1,"node":"10.0.0.1:7000","id":"…","dump":"<base64>"}
 *
 * `RESTORE key ttl dump` (ttl 0 for never) brings a value back.
 */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import path from 'node:path';
import type { AsideValue } from '../apply/conflicts.ts';
import { appendLine } from '../apply/whole-lines.ts';
import { OpsError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { formatAddress } from '../model/address.ts';

export class Aside {
  readonly file: string;
  #count = 0;

  constructor(directory: string, run: string) {
    this.file = path.join(directory, `${run}.jsonl`);
  }

  /** How many values are in it; without any there is no file. */
  get count(): number {
    return this.#count;
  }

  /** On the disk when it returns; throws FAILED where it cannot be written. */
  keep(value: AsideValue): void {
    try {
      this.#append(value);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new OpsError(
        'FAILED',
        `A value that is to go cannot be kept aside in ${this.file}, so it stays: ${reason}.`,
        {
          suggestions: ['Make room for it, or name another folder in XDG_STATE_HOME.'],
          cause,
        },
      );
    }
    this.#count += 1;
  }

  #append({ slot, database, key, type, expiryMs, node, dump }: AsideValue): void {
    makeFolder(path.dirname(this.file));
    const line = {
      at: new Date().toISOString(),
      slot,
      database,
      key: key.toString('base64'),
      type,
      ttlMs: expiryMs,
      node: formatAddress(node.address),
      id: node.id,
      dump: dump.toString('base64'),
    };
    const handle = openSync(this.file, 'a+', 0o600);
    try {
      appendLine(handle, JSON.stringify(line));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
