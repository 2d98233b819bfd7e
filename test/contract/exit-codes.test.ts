/** The numbers that scripts test for, and the words for them in --json. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OpsErrorCode } from '../../src/lib/errors.ts';
import { OpsError } from '../../src/lib/errors.ts';
import { EXIT, exitCodeOf } from '../../src/lib/terminal/exit-codes.ts';

/** Every code; the compiler complains where one is missing. */
const CODES: Readonly<Record<OpsErrorCode, true>> = {
  USAGE: true,
  UNREACHABLE: true,
  LOGIN: true,
  NOT_A_CLUSTER: true,
  REFUSED: true,
  FAILED: true,
  TIMEOUT: true,
  PARTIAL: true,
  INTERRUPTED: true,
  PROTOCOL: true,
};

describe('exit codes', () => {
  it('are these', async () => {
    const codes = Object.keys(CODES) as OpsErrorCode[];
    const text = [
      ...Object.entries(EXIT).map(([name, code]) => `${code} ${name}`),
      '',
      ...codes.map((code) => `${code} ends with ${exitCodeOf(new OpsError(code, 'x'))}`),
      '',
    ].join('\n');
    await expect(text).toMatchFileSnapshot('exit-codes.txt');
  });

  it('are all in docs/exit-codes.md, each error code in the row of its exit code', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/exit-codes.md'), 'utf8');
    const rows = new Map([...page.matchAll(/^\| (\d+) \|(.*)$/gm)].map(([, code, rest]) => [Number(code), rest ?? '']));
    expect([...rows.keys()]).toEqual(Object.values(EXIT));
    for (const code of Object.keys(CODES) as OpsErrorCode[])
      expect(rows.get(exitCodeOf(new OpsError(code, 'x')))).toContain(`\`${code}\``);
  });
});
