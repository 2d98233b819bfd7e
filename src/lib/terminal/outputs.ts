/** What is printed may find no reader and no room. That is no reason to stop half-way through a change of a cluster. */
import { EXIT } from './exit-codes.ts';

/**
 * From now on a run goes on to its end, and its exit code is that of its work: a reader that has seen enough
 * (`cluster check … | head`) is no failure. A result that could not be written for another reason, as on a full disk, is
 * one: it is told on stderr, and the exit code is not 0.
 */
export function outliveReaders(): void {
  process.stderr.on('error', () => undefined);
  let isLost = false;
  process.stdout.on('error', (failure: NodeJS.ErrnoException) => {
    if (failure.code === 'EPIPE' || isLost) return;
    isLost = true;
    process.stderr.write(`[ERR] The result cannot be written: ${failure.message}\n`);
    process.once('exit', () => {
      process.exitCode ||= EXIT.failed;
    });
  });
}
