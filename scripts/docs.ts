/**
 * Writes the documentation that is made from the program itself, so that it cannot say anything else:
 *
 *   tsx scripts/docs.ts            writes docs/commands/ and docs/health-rules.md
 *   tsx scripts/docs.ts --check    writes nothing; exit code 1 with one sentence where a file is not up to date
 *
 * Commands are read from oclif.manifest.json, so the build comes first.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Interfaces } from '@oclif/core';
import { commandPages } from './docs-commands.ts';
import { healthRulesPage } from './docs-health-rules.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const COMMANDS_FOLDER = 'docs/commands';

/** The text of each file by its path from the root. */
function pages(): ReadonlyMap<string, string> {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'oclif.manifest.json'), 'utf8')) as Interfaces.Manifest;
  const commands = [...commandPages(manifest)].map(([name, text]) => [`${COMMANDS_FOLDER}/${name}`, text] as const);
  return new Map([...commands, ['docs/health-rules.md', healthRulesPage()]]);
}

/** Pages in the folder of commands that no command has (any more). */
function leftoverPages(wanted: ReadonlyMap<string, string>): readonly string[] {
  const folder = path.join(ROOT, COMMANDS_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => `${COMMANDS_FOLDER}/${name}`)
    .filter((file) => !wanted.has(file));
}

function stalePages(wanted: ReadonlyMap<string, string>): readonly string[] {
  const differing = [...wanted].filter(([file, text]) => {
    const target = path.join(ROOT, file);
    return !existsSync(target) || readFileSync(target, 'utf8') !== text;
  });
  return [...differing.map(([file]) => file), ...leftoverPages(wanted)];
}

function write(wanted: ReadonlyMap<string, string>): void {
  for (const file of leftoverPages(wanted)) rmSync(path.join(ROOT, file), { recursive: true });
  for (const [file, text] of wanted) {
    mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true });
    writeFileSync(path.join(ROOT, file), text);
  }
}

const wanted = pages();
if (process.argv.includes('--check')) {
  const stale = stalePages(wanted);
  if (stale.length > 0) {
    const verb = stale.length === 1 ? 'is' : 'are';
    process.stderr.write(`${stale.join(', ')} ${verb} not up to date: run \`npm run docs\` and commit the result.\n`);
    process.exitCode = 1;
  }
} else {
  write(wanted);
}
