/** Every command class of the source, by oclif's id (`local:up`), without a build. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '@oclif/core';
import type { DeclaredCommands, DeclaredFlag } from '../../src/lib/terminal/manifest.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../src/commands');

export async function commandClasses(): Promise<ReadonlyMap<string, Command.Class>> {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const classes = await Promise.all(files.map((file) => load(file)));
  return new Map(files.map((file, index) => [idOf(file), classes[index] as Command.Class]));
}

/** All flags of a command, the shared ones too. */
export function flagsOf(command: Command.Class): Readonly<Record<string, Command.Flag.Any>> {
  return { ...command.baseFlags, ...command.flags };
}

/** What the build's manifest says of them. */
export async function declaredCommands(): Promise<DeclaredCommands> {
  const json: DeclaredFlag = { name: 'json', type: 'boolean' };
  return Object.fromEntries(
    [...(await commandClasses())].map(([id, command]) => {
      const flags = Object.entries(flagsOf(command)).map(([name, flag]) => [name, declared(name, flag)]);
      return [id, { flags: { ...Object.fromEntries(flags), ...(command.enableJsonFlag ? { json } : {}) } }];
    }),
  );
}

function declared(name: string, flag: Command.Flag.Any): DeclaredFlag {
  const { type, char, aliases } = flag;
  return {
    name,
    type,
    ...(char ? { char } : {}),
    ...(aliases ? { aliases: aliases as string[] } : {}),
    ...(flag.type === 'option' && flag.multiple ? { multiple: true } : {}),
    ...(flag.type === 'boolean' && flag.allowNo ? { allowNo: true } : {}),
  };
}

async function load(file: string): Promise<Command.Class> {
  const module = (await import(path.join(FOLDER, file))) as { readonly default: Command.Class };
  return module.default;
}

function idOf(file: string): string {
  return file.replace(/\.ts$/, '').replaceAll(path.sep, ':');
}
