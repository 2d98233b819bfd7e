/**
 * Habits of redis-cli on the command line, undone before the framework reads it: options may stand before the command
 * (`cluster -a secret check h:p`), the command may be introduced by `--cluster`, and options that mean nothing to a
 * command may be given to it. Names that are mere aliases are declared with the flags; this file only moves words.
 *
 * Which options there are, and which of them take a value, is what the commands themselves declare: see manifest.ts.
 */
import { CLUSTER_OPTIONS, CONNECTION_OPTIONS } from './redis-cli-options.ts';

/** How many words after an option are its values; `pairs`: the next and all `a=b` after it. */
export type Arity = 'none' | 'one' | 'pairs';

/** By the command's id (`local:up`), by the option as it is typed (`--pass`, `-a`). */
export type CommandOptions = ReadonlyMap<string, ReadonlyMap<string, Arity>>;

export interface Rearranged {
  /** The command first. */
  readonly words: readonly string[];
  /** A sentence for each option that was left out. */
  readonly notes: readonly string[];
}

/** The framework allows no digits as short names. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['-4', '--ipv4'],
  ['-6', '--ipv6'],
]);

/** What people try first, where nothing else is typed. */
const ALONE: ReadonlyMap<string | undefined, string> = new Map([
  ['-h', '--help'],
  ['-?', '--help'],
  ['-v', '--version'],
  ['-V', '--version'],
  ['version', '--version'],
]);

/** Their further words are a command for a server: a word such as `-4` is not ours there. */
const WITH_FOREIGN_WORDS: ReadonlySet<string> = new Set(['call']);
const WEIGHTS: ReadonlySet<string> = new Set(['--weight', '--cluster-weight']);
/** redis-cli's logical database where a number follows; alone it is ours. */
const DATABASE = '-n';

/** An option with its values, or a word that is neither. */
interface Item {
  readonly at: number;
  /** Null: no option. */
  readonly option: string | null;
  readonly words: readonly string[];
}

interface Place {
  /** Null where there is no such command. */
  readonly options: ReadonlyMap<string, Arity> | null;
  readonly at: number;
  readonly items: readonly Item[];
}

/**
 * The words as the framework wants them. What stood before the command comes last, but before a `--`: what follows
 * that is nobody's option. `readOptions` is called only where it matters, as it takes time at every start.
 */
export function rearrange(typed: readonly string[], readOptions: () => CommandOptions): Rearranged {
  const alone = typed.length === 1 ? ALONE.get(typed[0]) : undefined;
  if (alone !== undefined) return { words: [alone], notes: [] };
  const cut = typed.indexOf('--');
  const head = cut === -1 ? typed : typed.slice(0, cut);
  if (!head.some(isNoteworthy) && head[0]?.startsWith('-') !== true) return { words: typed, notes: [] };
  if (head[0] === '--help' || head[0] === '--version') return { words: typed, notes: [] };
  const place = findCommand(head, readOptions());
  const notes: string[] = [];
  const kept = (item: Item): readonly string[] => rewritten(item, place, head, notes);
  const before = place.items.filter(({ at }) => at < place.at).flatMap(kept);
  const after = place.items.filter(({ at }) => at >= place.at).flatMap(kept);
  return { words: [...after, ...before, ...typed.slice(head.length)], notes };
}

function isNoteworthy(word: string): boolean {
  const isRedisClis = word.startsWith('--cluster') || CONNECTION_OPTIONS.has(word) || word === DATABASE;
  return isRedisClis || RENAMED.has(word) || WEIGHTS.has(word);
}

/**
 * The first word that is a command and, read with that command's own options, the value of none. Where there is none,
 * the first word that no command's option takes for its value: it will be named as no command, and must be no secret.
 */
function findCommand(head: readonly string[], all: CommandOptions): Place {
  for (const [at, word] of head.entries()) {
    const options = all.get(`${word}:${head[at + 1]}`) ?? all.get(word);
    if (options === undefined) continue;
    const items = readItems(head, options);
    if (firstWord(items, head) === at) return { options, at, items };
  }
  const union = new Map([...all.values()].flatMap((options) => [...options]));
  const items = readItems(head, union);
  return { options: null, at: firstWord(items, head), items };
}

function firstWord(items: readonly Item[], head: readonly string[]): number {
  return items.find(({ option }) => option === null)?.at ?? head.length;
}

function readItems(head: readonly string[], options: ReadonlyMap<string, Arity>): readonly Item[] {
  const items: Item[] = [];
  let isLeading = true;
  for (let at = 0; at < head.length; ) {
    const word = head[at] ?? '';
    const isOption = word.startsWith('-') && word !== '-';
    if (!isOption) isLeading = false;
    const count = isOption ? 1 + valuesOf(head, at, options, isLeading) : 1;
    items.push({ at, option: isOption ? (word.split('=', 1)[0] ?? word) : null, words: head.slice(at, at + count) });
    at += count;
  }
  return items;
}

/** How many of the words after `at` are its values. */
function valuesOf(
  head: readonly string[],
  at: number,
  options: ReadonlyMap<string, Arity>,
  isLeading: boolean,
): number {
  const word = head[at] ?? '';
  if (word.includes('=')) return 0;
  if (isDatabase(word, head[at + 1], isLeading)) return 1;
  const arity = options.get(word) ?? CLUSTER_OPTIONS.get(word) ?? CONNECTION_OPTIONS.get(word) ?? 'none';
  if (arity !== 'pairs') return arity === 'one' ? 1 : 0;
  let count = 1;
  while (isPair(head[at + count + 1])) count += 1;
  return count;
}

/** `-n 0`, the logical database. Behind the command any other number may be one of its own words: `set-timeout h:1 -n 15000`. */
function isDatabase(word: string, next: string | undefined, isLeading: boolean): boolean {
  return word === DATABASE && (isLeading ? /^\d+$/ : /^0$/).test(next ?? '');
}

function isPair(word: string | undefined): boolean {
  return word?.includes('=') === true && !word.startsWith('-');
}

/** True behind the first word that follows a command with foreign words: it is the address, and the rest is the server's. */
function isForeign(at: number, place: Place, head: readonly string[]): boolean {
  if (!WITH_FOREIGN_WORDS.has(head[place.at] ?? '')) return false;
  return place.items.some((item) => item.option === null && item.at > place.at && item.at < at);
}

/** The words that stand for the item; none where it means nothing to the command, and a note says so. */
function rewritten(
  { at, option, words }: Item,
  place: Place,
  head: readonly string[],
  notes: string[],
): readonly string[] {
  const isLeading = at < place.at;
  const { options } = place;
  if (option === null || options === null) return option === '--cluster' ? [] : words;
  if (option === '--cluster' && isLeading) return [];
  const renamed = RENAMED.get(option);
  const isForServer = !isLeading && isForeign(at, place, head);
  if (renamed !== undefined && !isForServer) return [renamed];
  // Without a host it asks for help, as with redis-cli.
  if (option === '-h' && words.length === 1 && !isForServer) return ['--help'];
  if (WEIGHTS.has(option) && options.has(option) && words.length > 2)
    return words.slice(1).flatMap((pair) => [option, pair]);
  const isKnown = CLUSTER_OPTIONS.has(option) || (CONNECTION_OPTIONS.has(option) && !isForServer);
  const isIgnored = (isKnown && !options.has(option)) || (!isForServer && isDatabase(option, words[1], isLeading));
  if (!isIgnored) return words;
  // To simulate is to change nothing: where that cannot be had, the framework refuses the option.
  if (option === '--cluster-simulate') return options.has('--dry-run') ? ['--dry-run'] : words;
  notes.push(`[WARNING] ${option} means nothing to ${head[place.at]} and is ignored, as redis-cli does.`);
  return [];
}
