/**
 * Writing to readers that may be gone: `cluster reshard … | head -1`, a terminal that was closed, a disk that is full.
 * Whoever reads has no say in whether slots are moved to their end, so a write that fails never ends the process. What
 * goes wrong with stdout, other than that nobody reads any more, is a failure in the end: the result has not arrived.
 */
import { EXIT } from './exit-codes.ts';

/** A pipe, or a terminal, at whose other end nobody is. */
const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO', 'ECONNRESET']);

/** To be called once, before anything is written. */
export function outliveReaders(): void {
  let lost: Error | null = null;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (failure: NodeJS.ErrnoException) => {
    if (!READER_GONE.has(failure.code)) lost ??= failure;
  });
  process.once('exit', () => {
    if (lost === null) return;
    process.exitCode ||= EXIT.failed;
    process.stderr.write(`[ERR] The result could not be written: ${lost.message}\n`);
  });
}
