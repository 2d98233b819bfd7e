/** The layers of docs/architecture.md, held by a test: who may import whom, in one table. */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './support/source-files.ts';

/**
 * What each layer may import: other layers, single files, `node:` (any of Node's own modules; `node:x` for one), or
 * packages by name. `consequence` is what the rule buys, and what a developer reads who breaks it.
 */
const LAYERS: Readonly<Record<string, { readonly mayImport: readonly string[]; readonly consequence: string }>> = {
  model: { mayImport: [], consequence: 'the model does no I/O and knows no text format' },
  wire: { mayImport: ['model'], consequence: 'wire turns text into values and back; it never opens a socket' },
  check: { mayImport: ['model'], consequence: 'a health rule changes nothing' },
  plan: { mayImport: ['model', 'check'], consequence: 'a planner sees no connection, no clock and no random number' },
  view: {
    mayImport: ['model', 'check', 'plan', 'cli-table3', 'node:util'],
    consequence: 'a view returns text; it never writes to a stream or reads the environment',
  },
  redis: { mayImport: ['model', 'wire', 'node:', 'redis'], consequence: 'sockets decide nothing' },
  apply: {
    mayImport: ['model', 'wire', 'check', 'plan', 'redis/cluster.ts', 'make-folder.ts', 'node:'],
    consequence: 'the executor sees the cluster only through the port; it never prints, prompts or exits',
  },
  local: {
    mayImport: ['model', 'make-folder.ts', 'node:'],
    consequence: 'local starts and stops processes, and touches no cluster it did not start',
  },
  terminal: {
    mayImport: [
      'model',
      'wire',
      'check',
      'plan',
      'view',
      'redis',
      'apply',
      'local',
      'make-folder.ts',
      'node:',
      '@oclif/core',
      'ora',
      'inquirer',
      'yaml',
    ],
    consequence: 'the terminal holds no business rules',
  },
  commands: {
    mayImport: ['model', 'check', 'plan', 'view', 'redis', 'apply', 'local', 'terminal', '@oclif/core', 'node:'],
    consequence: 'a command parses, calls the layers and renders; it never imports another command or the wire',
  },
};

/** Files of `src/lib` that belong to no layer; every layer may import them. */
const EVERYWHERE = ['assert.ts', 'bounded.ts', 'errors.ts', 'json.ts'];

interface Import {
  readonly file: string;
  readonly target: string;
}

/** A sentence for each import that the table does not allow. */
function violations(imports: readonly Import[]): readonly string[] {
  return imports.flatMap(({ file, target }) => {
    const layer = layerOf(file);
    const rule = LAYERS[layer];
    if (rule === undefined) {
      if (layer === 'root')
        return target.startsWith('.') ? [`${file} imports ${target}: the files beside the layers import nothing`] : [];
      return [
        `${file} is in no layer of the table in test/architecture.test.ts: a new folder is a new noun, add it there with what it may import`,
      ];
    }
    return isAllowed(file, layer, target, rule.mayImport)
      ? []
      : [
          `${file} imports ${target}: ${layer} may import ${['itself', ...rule.mayImport].join(', ')}; ${rule.consequence}`,
        ];
  });
}

function layerOf(file: string): string {
  const parts = file.split('/');
  if (parts[1] === 'commands') return 'commands';
  if (file === 'src/main.ts') return 'terminal';
  return parts[1] === 'lib' && parts.length > 3 ? (parts[2] ?? '') : 'root';
}

function isAllowed(file: string, layer: string, target: string, mayImport: readonly string[]): boolean {
  if (!target.startsWith('.'))
    return mayImport.some((entry) => entry === target || (entry === 'node:' && target.startsWith('node:')));
  const resolved = path.posix.join(path.posix.dirname(file), target);
  const inLib = path.posix.relative('src/lib', resolved);
  if (EVERYWHERE.includes(inLib)) return true;
  if (layer === 'commands' && resolved.startsWith('src/commands/')) return false;
  return layerOf(resolved) === layer || mayImport.some((entry) => entry === inLib || inLib.startsWith(`${entry}/`));
}

function importsOf(file: string, text: string): readonly Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({ file, target: match[1] ?? match[2] ?? match[3] ?? '' }));
}

describe('architecture', () => {
  const files = sourceFiles();

  it('reads the whole source', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files).toContain('src/lib/model/topology.ts');
  });

  it('lets every layer import only what the table allows', () => {
    expect(violations(files.flatMap((file) => importsOf(file, readFileSync(file, 'utf8'))))).toEqual([]);
  });

  it('keeps clocks, random numbers, streams and the environment out of the pure layers', () => {
    const impure =
      /\b(?:Date\.now|new Date\(\)|Math\.random|process\.\w|console\.|setTimeout|setInterval|performance\.)/;
    const pure = files.filter((file) => ['model', 'wire', 'check', 'plan', 'view'].includes(layerOf(file)));
    expect(pure.filter((file) => impure.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('imports Node modules by their node: name', () => {
    const bare = files
      .flatMap((file) => importsOf(file, readFileSync(file, 'utf8')))
      .filter(({ target }) => builtinModules.includes(target));
    expect(bare).toEqual([]);
  });

  it.each([
    ['src/lib/model/x.ts', "import fs from 'node:fs';"],
    ['src/lib/model/x.ts', "import { a } from '../wire/argv.ts';"],
    ['src/lib/plan/x.ts', "import { makeFolder } from '../make-folder.ts';"],
    ['src/lib/wire/x.ts', "const net = await import('node:net');"],
    ['src/lib/plan/x.ts', "import type {\n  Cluster,\n} from '../redis/cluster.ts';"],
    ['src/lib/apply/x.ts', "export { connect } from '../redis/connect.ts';"],
    ['src/lib/apply/x.ts', "import { createClient } from 'redis';"],
    ['src/lib/view/x.ts', "import 'node:process';"],
    ['src/commands/x.ts', "import Check from './check.ts';"],
    ['src/lib/helpers/x.ts', "import { a } from '../model/node.ts';"],
  ])('can fail: %s with %s', (file, text) => {
    expect(violations(importsOf(file, text))).toHaveLength(1);
  });

  it.each([
    ['src/lib/plan/x.ts', "import { a } from '../model/node.ts';"],
    ['src/lib/apply/x.ts', "import type { Cluster } from '../redis/cluster.ts';"],
    ['src/commands/local/up.ts', "import { a } from '../../lib/errors.ts';"],
  ])('lets through: %s with %s', (file, text) => {
    expect(violations(importsOf(file, text))).toEqual([]);
  });
});
