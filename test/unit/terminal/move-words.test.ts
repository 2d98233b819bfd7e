/** What is typed for moves, and how far they are on one line. */
import { describe, expect, it } from 'vitest';
import type { MoveProgress } from '../../../src/lib/apply/events.ts';
import { parseRate, readMoveSettings } from '../../../src/lib/terminal/move-flags.ts';
import { renderMoveProgress } from '../../../src/lib/terminal/move-progress.ts';
import { withinTerminal } from '../../../src/lib/terminal/progress.ts';
import { splitRunAndSeeds } from '../../../src/lib/terminal/runs.ts';
import { parseThreshold, parseWeights } from '../../../src/lib/terminal/weights.ts';

describe('a rate', () => {
  it.each([
    ['5000', 5000],
    ['5000keys/s', 5000],
    ['5000 keys/s', 5000],
    ['0.5keys', 0.5],
    ['20MB/s', 200_000],
    ['20MB', 200_000],
    ['1.5kB/s', 15],
    ['1GB/s', 10_000_000],
    ['100B/s', 1],
  ])('%s is %d keys a second of 100 bytes', (text, rate) => {
    expect(parseRate(text, 100)).toBeCloseTo(rate);
  });

  it.each(['', '0', '-5', 'fast', '5000 rows/s', '20mb/s', '1e3', 'MB/s', '5 5'])('"%s" is none', (text) => {
    expect(() => parseRate(text, 100)).toThrow('--throttle takes a rate such as 5000keys/s or 20MB/s');
  });
});

describe('move settings', () => {
  const flags = { parallel: 3, 'max-pause': '5', replace: false, 'keep-primary': true };

  it('are read from the flags', () => {
    const settings = readMoveSettings({ ...flags, throttle: '1kB/s', 'max-latency': '2.5' }, 100);
    expect(settings).toMatchObject({ parallel: 3, replace: false, keepPrimary: true });
    expect(settings.limits()).toEqual({ batchMsMax: 5, keysPerSecondMax: 10, latencyMsMax: 2.5 });
    expect(readMoveSettings(flags, 100).limits()).toEqual({
      batchMsMax: 5,
      keysPerSecondMax: null,
      latencyMsMax: null,
    });
  });

  it.each(['', '0', '-1', 'soon', 'Infinity'])('take no time of "%s"', (text) => {
    expect(() => readMoveSettings({ ...flags, 'max-pause': text }, 100)).toThrow('--max-pause takes milliseconds');
    expect(() => readMoveSettings({ ...flags, 'max-latency': text }, 100)).toThrow('--max-latency takes milliseconds');
  });
});

describe('weights', () => {
  it('come in several words or in one, by address, id or IPv6 address', () => {
    expect([...parseWeights(['10.0.0.1:7000=0.5', 'abc=0  ::1:7000=2'])]).toEqual([
      ['10.0.0.1:7000', 0.5],
      ['abc', 0],
      ['::1:7000', 2],
    ]);
    expect(parseWeights([]).size).toBe(0);
  });

  it.each(['abc', 'abc=', '=1', 'abc=-1', 'abc=x', 'abc=Infinity', 'abc=NaN'])('%s is none', (pair) => {
    expect(() => parseWeights([pair])).toThrow(`--weight takes node=weight with a weight of 0 or more, not "${pair}".`);
  });
});

describe('a threshold', () => {
  it.each([
    ['2', 2],
    ['0', 0],
    ['0.5', 0.5],
  ])('%s', (text, percent) => expect(parseThreshold(text)).toBe(percent));
  it.each(['', ' ', '-1', 'x', 'Infinity'])('"%s" is none', (text) => {
    expect(() => parseThreshold(text)).toThrow('--threshold takes percent of 0 or more');
  });
});

describe('a run and addresses', () => {
  it.each([
    [['20261123-011500-4e1f'], '20261123-011500-4e1f', []],
    [['20261123', '10.0.0.1:7000'], '20261123', ['10.0.0.1:7000']],
    [['10.0.0.1:7000', '10.0.0.2:7000'], undefined, ['10.0.0.1:7000', '10.0.0.2:7000']],
    [['10.0.0.1', '7000'], undefined, ['10.0.0.1', '7000']],
    [[], undefined, []],
  ])('%j', (words, name, seeds) => {
    expect(splitRunAndSeeds(words)).toEqual({ name, seeds });
  });
});

describe('progress on one line', () => {
  const event: MoveProgress = {
    event: 'move-progress',
    slotsDone: 120,
    slots: 480,
    keysDone: 7320,
    keys: 29_300,
    bytesDone: null,
    bytes: null,
    keysPerSecond: 41_000,
    remainingMs: 536,
    pairs: ['a to b'],
    isSlowedDown: false,
    isPaused: false,
    keysPerSecondMax: null,
  };

  it.each<[string, Partial<MoveProgress>, string]>([
    [
      'in the middle',
      {},
      '[#####---------------] 25%  slots 120/480  keys 7,320/29,300  41,000 keys/s  536 ms left  a to b',
    ],
    [
      'bytes as well',
      { bytesDone: 750_000, bytes: 3_000_000 },
      '[#####---------------] 25%  slots 120/480  keys 7,320/29,300  732.4 KiB/2.9 MiB  41,000 keys/s  536 ms left  a to b',
    ],
    [
      'several pairs',
      { pairs: ['a to b', 'c to d', 'e to f'] },
      '[#####---------------] 25%  slots 120/480  keys 7,320/29,300  41,000 keys/s  536 ms left  a to b and 2 more',
    ],
    [
      'nothing known',
      { keys: null, remainingMs: null, slotsDone: 0, keysDone: 0, keysPerSecond: 0 },
      '[--------------------] 0%  slots 0/480  keys 0  0 keys/s  a to b',
    ],
    [
      'slowed down',
      { isSlowedDown: true },
      '[#####---------------] 25%  slots 120/480  keys 7,320/29,300  41,000 keys/s  536 ms left  slowed down for the other clients  a to b',
    ],
    [
      'held to a rate',
      { keysPerSecondMax: 50_000.4 },
      '[#####---------------] 25%  slots 120/480  keys 7,320/29,300  41,000 of at most 50,000 keys/s  536 ms left  a to b',
    ],
    ['paused', { isPaused: true }, '[#####---------------] 25%  slots 120/480  keys 7,320/29,300  paused  a to b'],
    [
      'done',
      { slotsDone: 480, keysDone: 29_300, remainingMs: 0, pairs: [] },
      '[####################] 100%  slots 480/480  keys 29,300/29,300  41,000 keys/s  0 ms left',
    ],
    [
      'nothing to do',
      { slotsDone: 0, slots: 0, keysDone: 0, keys: 0, remainingMs: null, pairs: [] },
      '[####################] 100%  slots 0/0  keys 0/0  41,000 keys/s',
    ],
  ])('%s', (_, change, line) => {
    expect(renderMoveProgress({ ...event, ...change })).toBe(line);
  });

  it('is folded between its pieces on a terminal that is narrower', () => {
    const lines = withinTerminal(renderMoveProgress(event), 60).split('\n');
    expect(lines).toEqual([
      '[#####---------------] 25%  slots 120/480',
      '  keys 7,320/29,300  41,000 keys/s  536 ms left  a to b',
    ]);
    expect(withinTerminal('a  b', undefined)).toBe('a  b');
  });
});
