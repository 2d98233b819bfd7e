/** Which options each command has, from the manifest that the build writes: no command is loaded for it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Arity, CommandOptions } from './words.ts';

/** What is read of a flag; the manifest has more. */
export interface DeclaredFlag {
  readonly name: string;
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly aliases?: readonly string[];
  readonly multiple?: boolean;
  readonly allowNo?: boolean;
}

/** By id. */
export type DeclaredCommands = Readonly<Record<string, { readonly flags: Readonly<Record<string, DeclaredFlag>> }>>;

/** The commands of the plugins, which the manifest of this package does not have. Their options are theirs. */
const OF_PLUGINS = ['help', 'autocomplete'];

/** From `oclif.manifest.json` in that folder. */
export function readCommandOptions(root: string): CommandOptions {
  const text = readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8');
  return commandOptions((JSON.parse(text) as { readonly commands: DeclaredCommands }).commands);
}

/** Every spelling of every option. */
export function commandOptions(commands: DeclaredCommands): CommandOptions {
  const own = Object.entries(commands).map(
    ([id, { flags }]) => [id, new Map(Object.values(flags).flatMap(spellings))] as const,
  );
  return new Map([...OF_PLUGINS.map((id) => [id, new Map<string, Arity>()] as const), ...own]);
}

function spellings(flag: DeclaredFlag): readonly (readonly [string, Arity])[] {
  const arity = flag.type === 'boolean' ? 'none' : flag.multiple === true ? 'pairs' : 'one';
  const names = [flag.name, ...(flag.aliases ?? [])].map((name) => `--${name}`);
  const short = flag.char === undefined ? [] : [`-${flag.char}`];
  const negated = flag.allowNo === true ? [`--no-${flag.name}`] : [];
  return [...names, ...short, ...negated].map((name) => [name, arity] as const);
}
