/**
 * Steering a run while it moves keys, in two ways:
 *
 *   <runs>/<run>.control.json    {"throttle": "5000keys/s", "maxLatency": 5}, looked at every second. Null takes a bound
 *                                off; what is not named stays as it is
 *   keys on a terminal           + and - make the rate 1.5 times what it is, or that part of it; p pauses and goes on
 *
 * Whichever came last holds. Slots that the servers move by themselves have no pace that could be steered.
 */
import { readFileSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import type { ApplyEvent, MoveProgress } from '../apply/events.ts';
import type { PaceLimits } from '../apply/move/pace.ts';
import { OpsError } from '../errors.ts';
import { isObject } from '../json.ts';
import { formatCount } from '../view/units.ts';
import { parseRate } from './move-flags.ts';

const LOOK_EVERY_MS = 1000;
const RATE_FACTOR = 1.5;
/** What a terminal in raw mode sends for Ctrl-C instead of a signal. */
const CTRL_C = '\u0003';

export interface SteeringOptions {
  readonly limits: PaceLimits;
  readonly controlFile: string;
  /** Turns a rate of bytes into one of keys. */
  readonly bytesPerKey: number;
  /** Where keys are pressed; null where there is no terminal. */
  readonly keyboard: ReadStream | null;
  readonly emit: (event: ApplyEvent) => void;
}

export interface Steering {
  /** The limits in force now. */
  readonly limits: () => PaceLimits;
  /** Takes the events in passing: a rate that is to be lowered must be known. */
  readonly emit: (event: ApplyEvent) => void;
  /** Gives the terminal back. Nothing is steered any more. */
  readonly stop: () => void;
}

export function startSteering({ limits, controlFile, bytesPerKey, keyboard, emit }: SteeringOptions): Steering {
  let current = limits;
  let progress: MoveProgress | null = null;
  let text: string | null = null;
  const change = (next: PaceLimits): void => {
    current = next;
    emit({ event: 'notice', message: describeLimits(next) });
    // A pause has no progress that would tell of it.
    if (progress !== null) emit(steeredProgress(progress, next));
  };
  const look = (): void => {
    const now = readIfThere(controlFile);
    if (now === null || now === text) return;
    text = now;
    try {
      change(applyControl(current, now, bytesPerKey));
    } catch (cause) {
      if (!(cause instanceof OpsError)) throw cause;
      emit({ event: 'notice', message: `${controlFile} changes nothing: ${cause.message}` });
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  const stopListening =
    keyboard === null
      ? () => undefined
      : listen(keyboard, (key) => {
          const next = applyKey(current, key, progress?.keysPerSecond ?? 0);
          if (next !== null) change(next);
        });
  look();
  return {
    limits: () => current,
    emit: (event) => {
      if (event.event === 'move-progress') progress = event;
      emit(event);
    },
    stop: () => {
      clearInterval(timer);
      stopListening();
    },
  };
}

function steeredProgress(progress: MoveProgress, { isPaused = false, keysPerSecondMax }: PaceLimits): MoveProgress {
  return { ...progress, isPaused, keysPerSecondMax, remainingMs: isPaused ? null : progress.remainingMs };
}

/** The limits after a look at the control file's text. Throws USAGE where it cannot be understood; then nothing changes. */
export function applyControl(limits: PaceLimits, text: string, bytesPerKey: number): PaceLimits {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OpsError('USAGE', 'it is not JSON.', { cause });
  }
  if (!isObject(value)) throw new OpsError('USAGE', 'it is not a JSON object.');
  let next = limits;
  for (const [name, wanted] of Object.entries(value)) {
    if (name === 'throttle' && (wanted === null || typeof wanted === 'string'))
      next = { ...next, keysPerSecondMax: wanted === null ? null : parseRate(wanted, bytesPerKey) };
    else if (name === 'maxLatency' && (wanted === null || (typeof wanted === 'number' && wanted > 0)))
      next = { ...next, latencyMsMax: wanted };
    else throw new OpsError('USAGE', `"${name}": ${JSON.stringify(wanted)} is not understood.`);
  }
  return next;
}

/** The limits after a key; null where it changes nothing. `keysPerSecond` is the rate now, which `-` begins from. */
export function applyKey(limits: PaceLimits, key: string, keysPerSecond: number): PaceLimits | null {
  const rate = limits.keysPerSecondMax;
  if (key === 'p') return { ...limits, isPaused: limits.isPaused !== true };
  if (key === '+' && rate !== null) return { ...limits, keysPerSecondMax: rate * RATE_FACTOR };
  if (key === '-' && (rate ?? keysPerSecond) > 0)
    return { ...limits, keysPerSecondMax: (rate ?? keysPerSecond) / RATE_FACTOR };
  return null;
}

/** One sentence for the operator. */
export function describeLimits({ keysPerSecondMax, latencyMsMax, isPaused }: PaceLimits): string {
  if (isPaused) return 'Paused; press p to go on.';
  const rate =
    keysPerSecondMax === null
      ? 'as fast as the servers can'
      : `at most ${formatCount(Math.round(keysPerSecondMax))} keys a second`;
  return `Moving ${rate}${latencyMsMax === null ? '' : `, slower while a PING takes more than ${latencyMsMax} ms`}.`;
}

function listen(keyboard: ReadStream, press: (key: string) => void): () => void {
  const onData = (data: Buffer): void => {
    for (const key of data.toString('latin1')) {
      // Through the signal, so that it means what it means without raw mode.
      if (key === CTRL_C) process.kill(process.pid, 'SIGINT');
      else press(key);
    }
  };
  keyboard.setRawMode(true);
  keyboard.on('data', onData);
  keyboard.resume();
  return () => {
    keyboard.off('data', onData);
    keyboard.setRawMode(false);
    keyboard.pause();
  };
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
