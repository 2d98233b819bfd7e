/** docs/json.md names every command that has --json, and every event; test/live/json.test.ts holds its fields to what is written. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { commandClasses } from '../support/command-classes.ts';
import { documentRows, jsonPage } from '../support/json-page.ts';

it('names every command with a document', async () => {
  const commands = [...(await commandClasses())].flatMap(([id, command]) =>
    command.enableJsonFlag ? [id.replaceAll(':', ' ')] : [],
  );
  expect([...documentRows().keys()].sort()).toEqual(commands.sort());
});

it('names every event and every field of the progress of moves', () => {
  const source = readFileSync(path.resolve(import.meta.dirname, '../../src/lib/apply/events.ts'), 'utf8');
  const events = [...source.matchAll(/readonly event: '([a-z-]+)'/g)].map(([, name = '']) => name);
  expect(events.length).toBeGreaterThan(10);
  const [, progress = ''] = /export interface MoveProgress \{(.*?)\n\}/s.exec(source) ?? [];
  const fields = [...progress.matchAll(/readonly (\w+):/g)].map(([, name = '']) => name);
  for (const name of [...events, ...fields.filter((field) => field !== 'event')])
    expect(jsonPage()).toContain(`\`${name}\``);
});
