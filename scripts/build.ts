/**
 * Bundles the executable: one entry for each command, shared code in chunks, then oclif's manifest, without which
 * every start would load every command.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Config, Plugin as OclifPlugin } from '@oclif/core';
import { build } from 'esbuild';
import { lazyBuiltins, lazyImports, replacements } from './start-path.ts';

const root = path.resolve(import.meta.dirname, '..');

const commands = readdirSync(path.join(root, 'src/commands'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/commands/${file.replaceAll('\\', '/')}`);

const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
rmSync(path.join(root, 'oclif.manifest.json'), { force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts', ...commands],
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { PACKAGE: JSON.stringify(pjson) },
  plugins: [replacements, lazyImports, lazyBuiltins],
  external: ['@opentelemetry/api', '@node-rs/xxhash'],
  banner: {
    // CommonJS packages inside an ES module bundle still ask for these. Node 20.16 and later have both.
    js: [
      "const require = process.getBuiltinModule('module').createRequire(import.meta.url);",
      'const __filename = import.meta.filename;',
      'const __dirname = import.meta.dirname;',
    ].join(''),
  },
});

const config = new Config({ root, ignoreManifest: true });
await config.load();
const plugin = config.plugins.get(pjson.name);
if (!(plugin instanceof OclifPlugin)) throw new Error('oclif did not find the package at the root of the project');
const foreign = config.commandIDs.filter((id) => !plugin.commandIDs.includes(id)).map((id) => id.split(':')[0]);
const unforeseen = foreign.filter((topic) => topic !== 'help' && topic !== 'autocomplete');
if (unforeseen.length > 0)
  throw new Error(`src/main.ts does not load the plugin that brings ${unforeseen.join()}: see PLUGIN_WORDS there`);
// In the sources their lines are as long as code may be; a terminal folds whole paragraphs to its own width.
for (const command of Object.values(plugin.manifest.commands))
  if (command.description) command.description = command.description.replaceAll(/(?<=\S)\n(?=\S)/g, ' ');
writeFileSync(path.join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`);
