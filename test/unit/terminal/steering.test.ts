import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { afterAll, describe, expect, it } from 'vitest';
import type { PaceLimits } from '../../../src/lib/apply/move/pace.ts';
import { applyControl, applyKey, describeLimits, startSteering } from '../../../src/lib/terminal/steering.ts';

const LIMITS: PaceLimits = { batchMsMax: 5, keysPerSecondMax: 3000, latencyMsMax: null };

describe('the control file', () => {
  it.each<[string, Partial<PaceLimits>]>([
    ['{"throttle": "5000keys/s"}', { keysPerSecondMax: 5000 }],
    ['{"throttle": "1MB/s", "maxLatency": 5}', { keysPerSecondMax: 10_000, latencyMsMax: 5 }],
    ['{"throttle": null}', { keysPerSecondMax: null }],
    ['{"maxLatency": null}', {}],
    ['{}', {}],
  ])('%s', (text, change) => {
    expect(applyControl(LIMITS, text, 100)).toEqual({ ...LIMITS, ...change });
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '5',
    '{"throttle": 5}',
    '{"throttle": "fast"}',
    '{"maxLatency": "5"}',
    '{"maxLatency": 0}',
    '{"pace": 1}',
  ])('%s is not understood', (text) =>
    expect(() => applyControl(LIMITS, text, 100)).toThrow(expect.objectContaining({ code: 'USAGE' })),
  );

  it('is looked at from the beginning, and one that is not understood changes nothing', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cluster-steering-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const controlFile = path.join(folder, 'run.control.json');
    const notices: object[] = [];
    const start = (): PaceLimits => {
      const steering = startSteering({
        limits: LIMITS,
        controlFile,
        bytesPerKey: 100,
        keyboard: null,
        emit: (event) => void notices.push(event),
      });
      steering.stop();
      return steering.limits();
    };
    expect(start()).toEqual(LIMITS);
    writeFileSync(controlFile, '{"throttle": "10keys/s"}');
    expect(start().keysPerSecondMax).toBe(10);
    writeFileSync(controlFile, '{"throttle"');
    expect(start()).toEqual(LIMITS);
    expect(notices).toEqual([
      { event: 'notice', message: 'Moving at most 10 keys a second.' },
      { event: 'notice', message: `${controlFile} changes nothing: it is not JSON.` },
    ]);
  });
});

describe('a key', () => {
  it.each<[string, number | null, number, number | null | undefined]>([
    ['+', 3000, 0, 4500],
    ['-', 3000, 0, 2000],
    ['-', null, 6000, 4000],
    ['+', null, 6000, undefined],
    ['-', null, 0, undefined],
    ['x', 3000, 0, undefined],
  ])('%s at a bound of %s and %d keys a second', (key, keysPerSecondMax, rate, expected) => {
    expect(applyKey({ ...LIMITS, keysPerSecondMax }, key, rate)?.keysPerSecondMax).toBe(expected);
  });

  it('p pauses, and goes on with the same bounds', () => {
    const paused = applyKey(LIMITS, 'p', 0);
    expect(paused).toEqual({ ...LIMITS, isPaused: true });
    expect(paused && applyKey(paused, 'p', 0)).toEqual({ ...LIMITS, isPaused: false });
  });
});

it('the limits are said in a sentence', () => {
  expect(describeLimits(LIMITS)).toBe('Moving at most 3,000 keys a second.');
  expect(describeLimits({ ...LIMITS, keysPerSecondMax: null })).toBe('Moving as fast as the servers can.');
  expect(describeLimits({ ...LIMITS, latencyMsMax: 5 })).toBe(
    'Moving at most 3,000 keys a second, slower while a PING takes more than 5 ms.',
  );
  expect(describeLimits({ ...LIMITS, isPaused: true })).toBe('Paused; press p to go on.');
});

describe('keys on a terminal', () => {
  it('are told of at once, also by the progress, of which there is none while it is paused', async () => {
    const keyboard = Object.assign(new PassThrough(), { setRawMode: () => undefined });
    const events: object[] = [];
    const steering = startSteering({
      limits: LIMITS,
      controlFile: '/nowhere/run.control.json',
      bytesPerKey: 100,
      keyboard: keyboard as unknown as ReadStream,
      emit: (event) => void events.push(event),
    });
    const progress = { slotsDone: 1, slots: 2, keysDone: 1, keys: 2, bytesDone: null, bytes: null, pairs: [] };
    const going = { isSlowedDown: false, isPaused: false, keysPerSecondMax: 3000, keysPerSecond: 9, remainingMs: 50 };
    steering.emit({ event: 'move-progress', ...progress, ...going });
    keyboard.write('p');
    await expect.poll(() => events).toHaveLength(3);
    expect(events.slice(1)).toEqual([
      { event: 'notice', message: 'Paused; press p to go on.' },
      { event: 'move-progress', ...progress, ...going, isPaused: true, remainingMs: null },
    ]);
    steering.stop();
  });
});
