import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findServer } from '../../../src/lib/local/server-binary.ts';

const node = process.execPath;
const environment = { PATH: `/nonexistent:${path.dirname(node)}` };

describe('the server to start', () => {
  it('is the one that was named by its path', () => {
    expect(findServer(node, {})).toBe(node);
  });

  it('is the one that was named by its name, as found on PATH', () => {
    expect(findServer(path.basename(node), environment)).toBe(node);
  });

  it.each(['/nonexistent/redis-server', 'no-such-server', '/', import.meta.filename])('is never %s', (explicit) => {
    expect(() => findServer(explicit, environment)).toThrow(`There is no program to run at ${explicit}.`);
  });

  it('is asked for where the machine has none', () => {
    const error = expect.objectContaining({
      message: 'Neither redis-server nor valkey-server is on PATH.',
      suggestions: ['Install one (Debian: `apt-get install redis-server`), or name it with --server PATH.'],
    });
    expect(() => findServer(undefined, { PATH: '/nonexistent' })).toThrow(error);
    expect(() => findServer(undefined, {})).toThrow(error);
  });
});
