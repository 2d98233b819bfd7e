/** A page of Markdown for each command, made from oclif's manifest, and an index. */
import type { Command, Interfaces } from '@oclif/core';
import { foldWords } from '../src/lib/view/fit.ts';

type Flag = Command.Flag.Cached;
type Argument = Command.Arg.Cached;

const EXECUTABLE = 'cluster';
const LINE_LENGTH = 120;
const GENERATED = '<!-- Made by `npm run docs` from the commands themselves: change those, not this file. -->';

/** Flags without a group come first; groups that are not named here follow them, in the order of the alphabet. */
const LAST_GROUPS = ['SAFETY', 'CONNECTION', 'OUTPUT', 'GLOBAL'];

/** The text of each page by its file name: `check.md`, `local-up.md`, and `README.md`, the index. */
export function commandPages(manifest: Interfaces.Manifest): ReadonlyMap<string, string> {
  const commands = Object.values(manifest.commands)
    .filter(({ hidden }) => !hidden)
    .sort((a, b) => compare(a.id, b.id));
  return new Map([
    ['README.md', indexPage(commands)],
    ...commands.map((command) => [fileOf(command), commandPage(command)] as const),
  ]);
}

function indexPage(commands: readonly Command.Cached[]): string {
  const rows = commands.map((command) => [
    `[\`${nameOf(command)}\`](${fileOf(command)})`,
    inCell(command.summary ?? ''),
  ]);
  return page([
    GENERATED,
    '# Commands',
    'Each command prints this with `--help` too. What the exit codes mean is in [exit-codes.md](../exit-codes.md).',
    table(['command', 'what it does'], rows),
  ]);
}

function commandPage(command: Command.Cached): string {
  const flags = Object.values(command.flags).filter(({ hidden }) => !hidden);
  const args = Object.values(command.args).filter(({ hidden }) => !hidden);
  const names = [...command.aliases, ...(command.hiddenAliases ?? [])];
  return page([
    GENERATED,
    `# ${nameOf(command)}`,
    filled(command.summary ?? ''),
    ...(command.description === undefined ? [] : [folded(filled(command.description))]),
    ...(names.length === 0 ? [] : [`Also: ${names.map((name) => code(`${EXECUTABLE} ${spaced(name)}`)).join(', ')}.`]),
    '## Usage',
    shell(usagesOf(command)),
    ...(args.length === 0 ? [] : ['## Arguments', argumentTable(args)]),
    ...examples(command.examples ?? []),
    ...flagSections(flags),
  ]);
}

/** Each paragraph in lines as long as those of this project. */
function folded(text: string): string {
  return text.replaceAll(/.+/g, (paragraph) => foldWords(paragraph, LINE_LENGTH).join('\n'));
}

function usagesOf(command: Command.Cached): readonly string[] {
  const usages = [command.usage ?? []].flat();
  const whole = usages.length === 0 ? [`${spaced(command.id)} [FLAGS]`] : usages;
  return whole.map((usage) => `${EXECUTABLE} ${filled(usage)}`);
}

function argumentTable(args: readonly Argument[]): string {
  const rows = args.map((arg) => [
    code(arg.name.toUpperCase()),
    inCell(sentences([arg.description ?? '', ...(arg.required ? ['required'] : []), optionsOf(arg.options)])),
  ]);
  return table(['argument', 'what it is'], rows);
}

function examples(list: readonly Command.Example[]): readonly string[] {
  if (list.length === 0) return [];
  const lines = list.flatMap((example) =>
    typeof example === 'string' ? [filled(example)] : [`# ${filled(example.description)}`, filled(example.command)],
  );
  return ['## Examples', shell(lines)];
}

function flagSections(flags: readonly Flag[]): readonly string[] {
  return groupsOf(flags).flatMap((group) => {
    const members = flags.filter(({ helpGroup = '' }) => helpGroup === group);
    return [group === '' ? '## Flags' : `## ${capitalised(group)} flags`, flagTable(members)];
  });
}

function groupsOf(flags: readonly Flag[]): readonly string[] {
  const groups = new Set(flags.map(({ helpGroup = '' }) => helpGroup));
  const others = [...groups].filter((group) => !LAST_GROUPS.includes(group)).sort(compare);
  return [...others, ...LAST_GROUPS.filter((group) => groups.has(group))];
}

/** The column for redis-cli's names is there only where one of the flags has any. */
function flagTable(flags: readonly Flag[]): string {
  const sorted = [...flags].sort((a, b) => compare(a.name, b.name));
  const isAliased = sorted.some((flag) => aliasesOf(flag).length > 0);
  const rows = sorted.map((flag) => [
    namesOf(flag),
    inCell(effectOf(flag)),
    defaultOf(flag),
    ...(isAliased ? [aliasesOf(flag).join(', ')] : []),
  ]);
  return table(['flag', 'what it does', 'default', ...(isAliased ? ['in redis-cli'] : [])], rows);
}

function namesOf(flag: Flag): string {
  const isNegatable = flag.type === 'boolean' && flag.allowNo === true;
  const value =
    flag.type === 'option' ? `=${flag.helpValue ?? flag.options?.join('|') ?? flag.name.toUpperCase()}` : '';
  const names = [...(flag.char ? [`-${flag.char}`] : []), `--${isNegatable ? '[no-]' : ''}${flag.name}${value}`];
  return names.map((name) => inCell(code(name))).join(', ');
}

function effectOf(flag: Flag): string {
  return sentences([
    flag.description ?? flag.summary ?? '',
    ...(flag.required ? ['required'] : []),
    ...(flag.type === 'option' && flag.multiple ? ['may be given several times'] : []),
    ...(flag.dependsOn ?? []).map((other) => `only together with ${code(`--${other}`)}`),
    ...(flag.exclusive ?? []).map((other) => `not together with ${code(`--${other}`)}`),
  ]);
}

function optionsOf(options: readonly string[] | undefined): string {
  return options === undefined ? '' : `one of ${options.map(code).join(', ')}`;
}

function defaultOf(flag: Flag): string {
  const value: unknown = flag.type === 'option' ? flag.default : undefined;
  return value === undefined ? '' : inCell(code(String(value)));
}

function aliasesOf(flag: Flag): readonly string[] {
  return (flag.aliases ?? []).map((alias) => code(`--${alias}`));
}

/** `check.md`, `local-up.md`. */
function fileOf({ id }: Command.Cached): string {
  return `${id.replaceAll(':', '-')}.md`;
}

function nameOf({ id }: Command.Cached): string {
  return `${EXECUTABLE} ${spaced(id)}`;
}

function spaced(id: string): string {
  return id.replaceAll(':', ' ');
}

/** oclif's templates know more, but this is all that our texts use. */
function filled(text: string): string {
  return text.replaceAll(/<%= config\.bin %>/g, EXECUTABLE).trim();
}

function sentences(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ');
}

function capitalised(group: string): string {
  return `${group.charAt(0)}${group.slice(1).toLowerCase()}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A bar would end the cell, and an angle bracket outside code would begin a tag. */
function inCell(text: string): string {
  const escaped = text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return escaped.startsWith('`') ? escaped : escaped.replaceAll('<', '&lt;');
}

function shell(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell) => (cell === '' ? '| ' : `| ${cell} `)).join('')}|`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function page(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** By code units, so that the order is the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
