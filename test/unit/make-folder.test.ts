import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/lib/make-folder.ts';

const place = mkdtempSync(path.join(tmpdir(), 'make-folder-'));
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe('making a folder', () => {
  it('makes those above it too, for their owner only, and may be done twice', () => {
    const folder = path.join(place, 'a/b');
    makeFolder(folder);
    makeFolder(folder);
    expect([folder, path.dirname(folder)].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it('ends where the system takes no folders, however deep', () => {
    expect(() => makeFolder('/proc/not/a/process')).toThrow();
  });

  it('is refused where a file is in the way', () => {
    const file = path.join(place, 'file');
    makeFolder(place);
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(/EEXIST/);
    expect(() => makeFolder(path.join(file, 'below'))).toThrow();
  });
});
