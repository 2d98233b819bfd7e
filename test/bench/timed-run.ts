/** How long does a program take, from its start until it has ended and all it printed has been read? */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { home } from '../support/executables.ts';

const RUN_TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Milliseconds. Rejects, with what was printed, where the program does not end with exit code 0. */
export async function timedRun(command: string, args: readonly string[]): Promise<number> {
  const { PATH = '' } = process.env;
  const options = { env: { PATH, HOME: home, LANG: 'C.UTF-8' }, timeout: RUN_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
  const startedAt = performance.now();
  await promisify(execFile)(command, args, options);
  return performance.now() - startedAt;
}
