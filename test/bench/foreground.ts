/**
 * The cluster's other clients while slots are moved: how long do they wait, and is what they wrote still there?
 *
 * Half SETs, half GETs, at a fixed rate, in a process of their own (`foreground-process.ts`). The load is OPEN: a
 * request is meant for its time whether or not earlier ones have been answered, and its latency counts from that time.
 * So a server that stalls for a second is seen by all the requests of that second, not by one.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import { present } from '../../src/lib/assert.ts';
import { killWithThisProcess } from '../support/reaper.ts';
import type { Account, ForegroundOptions, Latencies, Question, Span } from './foreground-process.ts';

/** One question at a time. */
export interface Foreground {
  /** Of the requests that were meant for this span, once all of them are answered. */
  latencies(span: Span): Promise<Latencies>;
  /** Stops the load, and reads all that was written. */
  end(): Promise<Account>;
  kill(): void;
}

const PROGRAM = path.join(import.meta.dirname, 'foreground-process.ts');

/** Resolves when the load has begun. */
export async function startForeground(options: ForegroundOptions): Promise<Foreground> {
  const child = fork(PROGRAM, [JSON.stringify(options)]);
  killWithThisProcess(present(child.pid, 'Node itself can be run'));
  const reply = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void =>
        reject(new Error(`The foreground load ended with exit code ${code}.`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
  const ask = (question: Question): Promise<unknown> => {
    const answer = reply();
    child.send(question);
    return answer;
  };
  await reply();
  return {
    latencies: async (span) => (await ask(span)) as Latencies,
    end: async () => (await ask('end')) as Account,
    kill: () => child.kill('SIGKILL'),
  };
}
