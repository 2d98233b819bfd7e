/** The file in which `cluster fix` keeps the values that lost: what its closing line names, and what is in it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import type { RunResult } from './executables.ts';
import type { StateFolder } from './watched-run.ts';

export interface AsideKey {
  readonly key: Buffer;
  readonly dump: Buffer;
  readonly slot: number;
  readonly database: number;
  /** The line as it is. */
  readonly line: Readonly<Record<string, unknown>>;
}

/** Fails unless the output names a file of the state folder that only its owner can read. */
export function asideKeys({ stdout, stderr }: RunResult, { env }: StateFolder): readonly AsideKey[] {
  const words = `${stdout}\n${stderr}`.split(/\s+/).map((word) => word.replace(/[.,:;)]+$/, ''));
  const named = words.filter((word) => word.startsWith(env.XDG_STATE_HOME) && /aside/.test(word) && existsSync(word));
  const file = present(named.at(-1), `the output names the file of the values that lost:\n${stdout}${stderr}`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return readFileSync(file, 'utf8').trimEnd().split('\n').map(parsed);
}

function parsed(text: string): AsideKey {
  const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return {
    key: Buffer.from(String(line['key']), 'base64'),
    dump: Buffer.from(String(line['dump']), 'base64'),
    slot: Number(line['slot']),
    database: Number(line['database']),
    line,
  };
}
