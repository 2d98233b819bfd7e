/**
 * Trials of rights: one run of a command by a user who has the rights that docs/acl.md names for the command and for certain
 * cases, and no others.
 */
import { expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { type RawReply, rawCommands } from './raw-command.ts';
import { rulesIn, rulesInCases } from './rights-page.ts';
import { cluster } from './transcript.ts';
import { newStateFolder } from './watched-run.ts';

const COMMON = rulesIn('acl');
const OF_VALKEY_9 = rulesIn('acl-valkey-9');
const CASES = rulesInCases();
const tried = new Set<string>();

/** The row about reading keys by their types, which goes with several others. */
export const READING = 'either of them, where the two are not stored alike, by the type of the key';
const USER = '--user ops -a pw';

/** One run of a command by a user with the rights of the command, and those of the cases. */
export interface Trial {
  readonly command: string;
  /** What is typed, without the user. */
  readonly words: string;
  readonly nodes: readonly string[];
  /** Rows of the table. */
  readonly cases: readonly string[];
  readonly code?: number;
  /** Where an import reads from, with the rows that are about it. */
  readonly source?: { readonly address: string; readonly cases: readonly string[] };
  /** Rules that it is not to have. */
  readonly without?: readonly string[];
  readonly isValkey9?: boolean;
  /** It may read keys of all types as well, but need not have to. */
  readonly mayRead?: boolean;
}

/** Runs the command by that user: it has to end with `code`, be denied nothing, and use each right of the cases. */
export async function attempt(trial: Trial): Promise<void> {
  const { command, words, nodes, source, without = [], code = 0 } = trial;
  const more = trial.isValkey9 ? [...(OF_VALKEY_9.get('every') ?? []), ...(OF_VALKEY_9.get(command) ?? [])] : [];
  const rules = [...rulesOf(command), ...more].filter((rule) => !without.includes(rule));
  const reading = trial.mayRead ? rulesOfCases([READING]) : [];
  await ready(nodes, [...rules, ...rulesOfCases(trial.cases), ...reading]);
  if (source) await ready([source.address], [...rulesOf('import-source'), ...rulesOfCases(source.cases), ...reading]);
  const run = await cluster(`${words} ${USER}`, newStateFolder());
  const said = run.code === code ? '' : run.stdout + run.stderr;
  expect({ words, code: run.code, said }).toEqual({ words, code, said: '' });
  await expectUsed(nodes, rulesOfCases(trial.cases), without);
  if (source) await expectUsed([source.address], rulesOfCases(source.cases), []);
}

function rulesOf(command: string): readonly string[] {
  return present(COMMON.get(command), `docs/acl.md says what ${command} takes`);
}

function rulesOfCases(cases: readonly string[]): readonly string[] {
  return cases.flatMap((name) => {
    tried.add(name);
    return present(CASES.get(name), `docs/acl.md has the case "${name}"`);
  });
}

async function ready(addresses: readonly string[], rules: readonly string[]): Promise<void> {
  await onEach(addresses, [
    ['ACL', 'SETUSER', 'ops', 'reset', 'on', '>pw', ...rules],
    ['ACL', 'LOG', 'RESET'],
    ['CONFIG', 'RESETSTAT'],
  ]);
}

/** None of the rules was given in vain, and nothing else was asked for but what was kept from the user. */
async function expectUsed(
  addresses: readonly string[],
  rules: readonly string[],
  without: readonly string[],
): Promise<void> {
  const stats = (await onEach(addresses, [['INFO', 'commandstats']])).join('\n');
  const called = new Set([...stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)].map(([, name]) => `+${name}`));
  expect(rules.filter((rule) => rule.startsWith('+') && !called.has(rule))).toEqual([]);
  const entries = (await onEach(addresses, [['ACL', 'LOG']])).flatMap((reply) => (Array.isArray(reply) ? reply : []));
  const denied = entries.map(String).filter((entry) => entry.includes(',ops,'));
  expect(denied.filter((entry) => !without.some((rule) => entry.includes(`,${rule.slice(1)},`)))).toEqual([]);
}

async function onEach(
  addresses: readonly string[],
  commands: readonly (readonly string[])[],
): Promise<readonly RawReply[]> {
  return (await Promise.all(addresses.map((address) => rawCommands(address, commands)))).flat();
}

/** For cases that the servers at hand do not allow to be tried: they count as tried all the same. */
export function countAsTried(cases: readonly string[]): void {
  rulesOfCases(cases);
}

/** The cases of docs/acl.md that no trial was about. */
export function untriedCases(): readonly string[] {
  return [...CASES.keys()].filter((name) => !tried.has(name));
}
