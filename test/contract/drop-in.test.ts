/**
 * `redis-cli --cluster X ARGS` becomes `cluster X ARGS`: each line of the table goes the way of a real one, through
 * `rearrange` and the framework's parser, and the command must have read what redis-cli reads.
 */
import type { Command } from '@oclif/core';
import { Flags, Parser } from '@oclif/core';
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { commandOptions } from '../../src/lib/terminal/manifest.ts';
import { CLUSTER_OPTIONS } from '../../src/lib/terminal/redis-cli-options.ts';
import { rearrange } from '../../src/lib/terminal/words.ts';
import { commandClasses, declaredCommands, flagsOf } from '../support/command-classes.ts';
import { ROWS } from '../support/drop-in-rows.ts';
import { ROWS_AWAITED } from '../support/drop-in-rows-awaited.ts';

const classes = await commandClasses();
const options = commandOptions(await declaredCommands());
const all = [...ROWS, ...ROWS_AWAITED.filter(({ command }) => classes.has(command))];

describe('a line for redis-cli', () => {
  it.each(all.map((row) => [row.line, row] as const))('%s', async (_, row) => {
    const { flags, ...others } = await read(row.line);
    expect(others).toEqual({ command: row.command, words: row.words, ignored: row.ignored ?? [] });
    // The parser has nothing for a switch that is off.
    for (const [name, value] of Object.entries(row.flags ?? {})) expect(flags[name] ?? false, name).toEqual(value);
  });

  it('has every option of the cluster mode, also for the command that it is meant for', () => {
    const lines = [...ROWS, ...ROWS_AWAITED].map(({ line }) => line.split(/[ =]/));
    for (const option of CLUSTER_OPTIONS.keys())
      expect(
        lines.some((words) => words.includes(option)),
        option,
      ).toBe(true);
  });

  it('is read the same without --cluster, and without REDISCLI habits', async () => {
    for (const { line } of all) {
      const bare = line.replace('--cluster ', '');
      expect(await read(bare), bare).toEqual(await read(line));
    }
  });
});

interface Read {
  readonly command: string;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  readonly ignored: readonly (string | undefined)[];
}

async function read(line: string): Promise<Read> {
  const { words, notes } = rearrange(line.trim().split(/\s+/), () => options);
  const [name = '', ...rest] = words;
  const command = present(classes.get(name), `"${name}" of "${line}" is a command`);
  const { flags, raw } = await Parser.parse([...rest], parserOptions(command));
  return {
    command: name,
    words: raw.flatMap((token) => (token.type === 'arg' ? [token.input] : [])),
    flags: flags as Read['flags'],
    ignored: notes.map((note) => note.split(' ')[1]),
  };
}

type ParserOptions = Parameters<typeof Parser.parse>[1];

/** As `Command.parse` has them. */
function parserOptions(command: Command.Class): ParserOptions {
  const flags = { ...flagsOf(command), json: Flags.boolean() } as NonNullable<ParserOptions['flags']>;
  return { flags, strict: false, '--': true };
}
