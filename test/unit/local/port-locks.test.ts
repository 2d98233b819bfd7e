/** The locks of test/support/ports.ts: what keeps parallel test processes from starting servers on the same port. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { identifyProcess } from '../../../src/lib/local/process-identity.ts';
import { lockFile, releasePort, takePort } from '../../support/ports.ts';

describe('the lock of a port', () => {
  /** Outside of what reservePorts gives away, so that no other test meets it. */
  const port = 100_000 + process.pid;
  afterEach(() => releasePort(port));

  it('is given once', () => {
    expect(takePort(port)).toBe(true);
    expect(takePort(port)).toBe(false);
  });

  it('is given again once released', () => {
    takePort(port);
    releasePort(port);
    expect(takePort(port)).toBe(true);
  });

  it('names its owner', () => {
    takePort(port);
    expect(JSON.parse(readFileSync(lockFile(port), 'utf8'))).toEqual(identifyProcess(process.pid));
  });

  it('is taken over from a process that has ended, although its id is in use again', () => {
    takePort(port);
    writeFileSync(lockFile(port), JSON.stringify({ pid: process.pid, startTime: 'of an earlier process' }));
    expect(takePort(port)).toBe(true);
    expect(existsSync(`${lockFile(port)}.takeover`)).toBe(false);
  });
});
