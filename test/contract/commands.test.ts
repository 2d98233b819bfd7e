/**
 * What scripts and habits rely on: commands, flags, short names, aliases, defaults. A change here is a visible change
 * for someone; `npx vitest run --project unit -u` accepts it.
 */
import type { Command } from '@oclif/core';
import { expect, it } from 'vitest';
import { commandClasses, flagsOf } from '../support/command-classes.ts';

type Flag = Command.Flag.Any;

it('commands and flags', async () => {
  const texts = [...(await commandClasses())].map(([id, command]) => describeCommand(id, command));
  await expect(texts.join('\n')).toMatchFileSnapshot('commands.txt');
});

function describeCommand(id: string, command: Command.Class): string {
  const name = id.replaceAll(':', ' ');
  const flags = Object.entries(flagsOf(command)).sort(([a], [b]) => (a < b ? -1 : 1));
  const also = [...(command.aliases ?? []), ...(command.hiddenAliases ?? [])];
  return [
    `cluster ${name}`,
    ...also.map((alias) => `  alias ${alias}`),
    ...Object.keys(command.args ?? {}).map((arg) => `  argument ${arg}`),
    ...(command.strict === false ? ['  any number of words'] : []),
    ...(command.enableJsonFlag ? ['  --json'] : []),
    ...flags.map(([flag, definition]) => `  ${describeFlag(flag, definition)}`),
    '',
  ].join('\n');
}

function describeFlag(name: string, flag: Flag): string {
  const names = [...(flag.char ? [`-${flag.char}`] : []), `--${name}`];
  const negated = flag.type === 'boolean' && flag.allowNo ? [`--no-${name}`] : [];
  const aliases = (flag.aliases ?? []).map((alias) => `--${alias}`);
  return [
    [...names, ...negated, ...aliases].join(', '),
    ...(flag.type === 'option' ? [flag.options ? `takes ${flag.options.join('|')}` : 'takes a value'] : []),
    ...(flag.type === 'option' && flag.multiple ? ['several times'] : []),
    ...(flag.default === undefined || flag.default === false ? [] : [`default ${flag.default}`]),
    ...(flag.required ? ['required'] : []),
    ...(flag.hidden ? ['hidden'] : []),
    ...(flag.dependsOn ?? []).map((other) => `needs --${other}`),
    ...(flag.exclusive ?? []).map((other) => `not with --${String(other)}`),
  ].join('; ');
}
