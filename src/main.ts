/** The executable: from the words on the command line to a command. No logic beyond that. */
import path from 'node:path';
import type { Interfaces } from '@oclif/core';
import { run } from '@oclif/core';
import { OpsError } from './lib/errors.ts';
import { reportStartFailure } from './lib/terminal/failures.ts';
import { readCommandOptions } from './lib/terminal/manifest.ts';
import { outliveReaders } from './lib/terminal/output.ts';
import { rearrange } from './lib/terminal/words.ts';

outliveReaders();

/** package.json, put here by scripts/build.ts: it need not be looked for at every start. */
declare const PACKAGE: Interfaces.PJSON;

/**
 * The plugins bring the commands `help` and `autocomplete`, and scripts/build.ts sees to it that they bring no others.
 * They are loaded for these and for the list of all commands only: that takes 10 ms.
 */
const PLUGIN_WORDS: readonly (string | undefined)[] = [undefined, 'help', 'autocomplete', '--help'];

const HELP = { suggestions: ['Type `cluster help` to see what there is.'] };

const root = path.resolve(import.meta.dirname, '..');
const { words, notes } = rearrange(process.argv.slice(2), () => readCommandOptions(root));
for (const note of notes) process.stderr.write(`${note}\n`);
const plugins = PLUGIN_WORDS.includes(words[0]?.split(':')[0]) ? (PACKAGE.oclif.plugins ?? []) : [];
try {
  // Nothing but `--cluster` or what means nothing: no question for the list of commands, which would be exit 0.
  if (words.length === 0 && process.argv.length > 2) throw new OpsError('USAGE', 'No command was given.', HELP);
  await run([...words], {
    root,
    pjson: { ...PACKAGE, oclif: { ...PACKAGE.oclif, plugins } },
    userPlugins: false,
    devPlugins: false,
  });
} catch (failure) {
  reportStartFailure(failure, words, () => [...readCommandOptions(root).keys()]);
}
