/** The executable: from the words on the command line to a command. No logic beyond that. */
import path from 'node:path';
import type { Interfaces } from '@oclif/core';
import { flush, run } from '@oclif/core';
import { reportStartFailure } from './lib/terminal/failures.ts';
import { commandFirst } from './lib/terminal/words.ts';

// A reader that has seen enough (`cluster check … | head`) is no failure of ours.
process.stdout.on('error', (failure: NodeJS.ErrnoException) => {
  if (failure.code !== 'EPIPE') throw failure;
  process.exit();
});

/** package.json, put here by scripts/build.ts: it need not be looked for at every start. */
declare const PACKAGE: Interfaces.PJSON;

/**
 * The plugins bring the commands `help` and `autocomplete`, and scripts/build.ts sees to it that they bring no others.
 * They are loaded for these and for the list of all commands only: that takes 10 ms.
 */
const PLUGIN_WORDS: readonly (string | undefined)[] = [undefined, 'help', 'autocomplete', '--help'];

const words = [...commandFirst(process.argv.slice(2))];
const plugins = PLUGIN_WORDS.includes(words[0]?.split(':')[0]) ? (PACKAGE.oclif.plugins ?? []) : [];
try {
  await run(words, {
    root: path.resolve(import.meta.dirname, '..'),
    pjson: { ...PACKAGE, oclif: { ...PACKAGE.oclif, plugins } },
    userPlugins: false,
    devPlugins: false,
  });
  await flush();
} catch (failure) {
  reportStartFailure(failure, words);
}
