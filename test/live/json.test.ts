/** Every command's document has the fields that docs/json.md says, and no others. */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterCli, home } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { documentRows } from '../support/json-page.ts';

const rows = documentRows();
let formed: FormedCluster;

beforeAll(async () => {
  formed = await formCluster({ shards: 3, replicas: 1 });
  await formed.putKeys(100);
});
afterAll(() => formed?.stop());

type Line = readonly [command: string, words: () => readonly string[], outcome?: string];

const backup = path.join(home, 'backup');
const moving = (): readonly string[] => [formed.seed, '--from', formed.seed, '--to', formed.primary(1).address];
const seed =
  (...words: readonly string[]) =>
  (): readonly string[] => [formed.seed, ...words];
const nowhere = (): readonly string[] => ['--dir', path.join(home, 'nowhere')];

it.each<[string, readonly Line[]]>([
  [
    'look at a cluster',
    [
      ['check', seed()],
      ['info', seed()],
      ['nodes', seed()],
      ['call', seed('PING'), 'done'],
    ],
  ],
  [
    'look at this machine',
    [
      ['history', () => []],
      ['local status', nowhere],
      ['local down', nowhere],
    ],
  ],
  [
    'move slots',
    [
      ['reshard', () => [...moving(), '--slots', '5', '--dry-run'], 'planned'],
      ['reshard', () => [...moving(), '--slots', '5', '--yes'], 'done'],
      ['undo', () => ['--yes'], 'done'],
      ['rebalance', seed('--dry-run'), 'nothing-to-do'],
    ],
  ],
  [
    'change members and settings, and mend',
    [
      ['set-timeout', seed('5000', '--dry-run'), 'planned'],
      ['set-timeout', seed('5000', '--yes'), 'done'],
      ['del-node', () => [formed.seed, formed.replica(0).address, '--dry-run'], 'planned'],
      ['forget', seed('--failed', '--yes'), 'nothing-to-do'],
      ['fix', seed('--dry-run'), 'nothing-to-do'],
    ],
  ],
  [
    'save and bring back',
    [
      ['backup', seed(backup, '--dry-run'), 'planned'],
      ['backup', seed(backup), 'done'],
      ['backup', () => ['--verify', backup], 'verified'],
      ['restore', () => [backup, formed.seed, '--dry-run'], 'planned'],
      ['restore', () => [backup, formed.seed, '--yes'], 'done'],
    ],
  ],
])('is one document with the fields of the page, of commands that %s', async (_, lines) => {
  for (const [command, words, outcome] of lines) await hasItsFields(command, words(), outcome);
});

async function hasItsFields(command: string, words: readonly string[], outcome: string | undefined): Promise<void> {
  const run = await clusterCli([...command.split(' '), ...words, '--json', '--quiet']);
  const typed = `${command} ${words.join(' ')}: ${run.stderr}`;
  expect(run.code, typed).toBe(0);
  const document = JSON.parse(run.stdout);
  const { fields = [], optional = [], outcomes = [] } = rows.get(command) ?? {};
  const found = Object.keys(document);
  expect(found, typed).toEqual(expect.arrayContaining([...fields]));
  expect([...fields, ...optional], typed).toEqual(expect.arrayContaining(found));
  expect(document.version).toBe(1);
  expect(document.outcome, typed).toBe(outcome);
  if (outcome !== undefined) expect(outcomes).toContain(outcome);
}

it.each([
  ['no connection', ['check', '127.0.0.1:1'], 3, 'UNREACHABLE'],
  ['no consent', ['reshard', '127.0.0.1:1', '--from', 'all', '--to', 'x', '--slots', '5'], 4, 'REFUSED'],
  ['no sense', ['reshard', '127.0.0.1:1', '--slots', 'x'], 2, 'USAGE'],
  ['no such flag', ['check', '127.0.0.1:1', '--nope'], 2, 'USAGE'],
  ['no such command', ['chekc'], 2, 'USAGE'],
  ['no such file', ['apply', '/nowhere/plan.json', '--yes'], 2, 'USAGE'],
])('is the document of a failure: %s', async (_, words, exitCode, code) => {
  const run = await clusterCli([...words, '--json']);
  expect(run).toMatchObject({ code: exitCode, stderr: '' });
  const document = JSON.parse(run.stdout);
  expect(document).toMatchObject({ version: 1, error: { code }, exitCode });
  expect(document.error.message).not.toContain('[ERR]');
});
