/**
 * Bundles the executable: one entry for each command, shared code in chunks, then oclif's manifest, without which
 * every start would load every command.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Config, Plugin as OclifPlugin } from '@oclif/core';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/**
 * Of the client library we use connections, RESP, TLS and login, and send commands as plain words. Its five command
 * modules and its table of four hundred commands cost 60 ms of every start; the bundle has neither. The three
 * commands that the library itself sends when it connects stay.
 */
const clientCoreOnly: Plugin = {
  name: 'client-core-only',
  setup(bundle) {
    const core = path.dirname(require.resolve('@redis/client', { paths: [require.resolve('redis')] }));
    bundle.onResolve({ filter: /^redis$/ }, () => ({ path: path.join(core, 'index.js') }));
    bundle.onResolve({ filter: /^(\.\/lib|\.\.|\.)\/commands$/ }, ({ importer }) =>
      importer.startsWith(core) ? { path: 'commands', namespace: 'client-commands' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'client-commands' }, () => ({
      loader: 'js',
      resolveDir: path.join(core, 'lib'),
      contents: `
        Object.defineProperty(exports, '__esModule', { value: true });
        exports.default = {
          AUTH: require('./commands/AUTH.js').default,
          CLIENT_SETNAME: require('./commands/CLIENT_SETNAME.js').default,
          READONLY: require('./commands/READONLY.js').default,
        };
        exports.NON_STICKY_COMMANDS = {};`,
    }));
  },
};

const commands = readdirSync(path.join(root, 'src/commands'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/commands/${file.replaceAll('\\', '/')}`);

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
  plugins: [clientCoreOnly],
  external: ['@opentelemetry/api', '@node-rs/xxhash'],
  banner: {
    // CommonJS packages inside an ES module bundle still ask for these.
    js: [
      "import { createRequire as _createRequire } from 'node:module';",
      "import { fileURLToPath as _fileURLToPath } from 'node:url';",
      "import { dirname as _dirname } from 'node:path';",
      'const require = _createRequire(import.meta.url);',
      'const __filename = _fileURLToPath(import.meta.url);',
      'const __dirname = _dirname(__filename);',
    ].join(''),
  },
});

const config = new Config({ root, ignoreManifest: true });
await config.load();
const plugin = config.plugins.get('redis-cluster-ops');
if (!(plugin instanceof OclifPlugin)) throw new Error('oclif did not find the package at the root of the project');
writeFileSync(path.join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`);
