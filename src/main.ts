/** The executable: from the words on the command line to a command. No logic beyond that. */
import { execute } from '@oclif/core';
import { commandFirst } from './lib/terminal/words.ts';

// A reader that has seen enough (`cluster check … | head`) is no failure of ours.
process.stdout.on('error', (failure: NodeJS.ErrnoException) => {
  if (failure.code !== 'EPIPE') throw failure;
  process.exit();
});

await execute({ args: [...commandFirst(process.argv.slice(2))], dir: import.meta.url });
