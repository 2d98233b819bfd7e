/** The executable: from the words on the command line to a command. No logic beyond that. */
import { flush, run } from '@oclif/core';
import { reportStartFailure } from './lib/terminal/failures.ts';
import { commandFirst } from './lib/terminal/words.ts';

// A reader that has seen enough (`cluster check … | head`) is no failure of ours.
process.stdout.on('error', (failure: NodeJS.ErrnoException) => {
  if (failure.code !== 'EPIPE') throw failure;
  process.exit();
});

const words = [...commandFirst(process.argv.slice(2))];
try {
  await run(words, import.meta.url);
  await flush();
} catch (failure) {
  reportStartFailure(failure, words);
}
