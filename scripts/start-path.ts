/**
 * What keeps the start short: esbuild plugins that put off, or leave out of the bundle, the parts of the libraries that
 * a run does not use. Where a library no longer looks as described here, the build fails and says so.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'esbuild';

const require = createRequire(import.meta.url);
const SOURCE = path.resolve(import.meta.dirname, '../src');
const OCLIF = path.join(path.dirname(require.resolve('@oclif/core/package.json')), 'lib');
const CLIENT = path.join(path.dirname(require.resolve('@redis/client', { paths: [require.resolve('redis')] })), 'lib');

/** What TypeScript makes of an import. The name is its own invention, so it means nothing else in the file. */
const IMPORT =
  /^(?:const|var) (\w*_\d+) = ((?:__importDefault|__importStar)\(require\("[^"]+"\)\)|require\("[^"]+"\));$/gm;
/** About 350 with oclif 4.14 and node-redis 6.3. */
const IMPORTS_MIN = 250;

/**
 * The two libraries import whatever any of their users might need. In the bundle each import is made when it is first
 * used, those of Node's own modules too: of help, plugins and spinners, of TLS, pools and telemetry, a plain check
 * evaluates nothing.
 */
export const lazyImports: Plugin = {
  name: 'lazy-imports',
  setup(bundle) {
    let count = 0;
    bundle.onLoad({ filter: /\.js$/ }, ({ path: file }) => {
      if (!isWithin(OCLIF, file) && !isWithin(CLIENT, file)) return undefined;
      const text = readFileSync(file, 'utf8');
      const names = [...text.matchAll(IMPORT)].map((match) => match[1]);
      if (names.length === 0) return undefined;
      count += names.length;
      const uses = new RegExp(`\\b(?:${names.join('|')})(?=\\.)`, 'g');
      const lazy = text.replaceAll(uses, '($&())').replaceAll(IMPORT, 'let $1_; const $1 = () => ($1_ ??= $2);');
      return { contents: amended(file, lazy), loader: 'js', resolveDir: path.dirname(file) };
    });
    bundle.onEnd(() => {
      const text = `Only ${count} imports were found in oclif and node-redis: look how they are compiled now.`;
      return count < IMPORTS_MIN ? { errors: [{ text }] } : undefined;
    });
  },
};

/** Single expressions that cost much for little, or that do harm. */
const AMENDMENTS: readonly { readonly file: string; readonly from: string; readonly to: string }[] = [
  // The first comparison by locale loads the collation tables: 8 ms. Names of commands are plain ASCII.
  {
    file: path.join(OCLIF, 'config/plugin.js'),
    from: 'a.id.localeCompare(b.id)',
    to: '(a.id < b.id ? -1 : 1)',
  },
  // The client names itself to telemetry, which there is none of: loading `node:crypto` for it takes 5 ms.
  {
    file: path.join(CLIENT, 'client/identity.js'),
    from: "const hash = (0, (node_crypto_1()).randomBytes)(4).toString('hex');",
    to: 'const hash = process.hrtime.bigint().toString(16);',
  },
  // Compares the Node that oclif wants, 18, with the one that runs; we want a newer one.
  { file: path.join(OCLIF, 'index.js'), from: '\ncheckNodeVersion();', to: '' },
  // Ends the process where standard output is on a full disk, in the middle of whatever it does: src/lib/terminal/output.ts.
  {
    file: path.join(OCLIF, 'command.js'),
    from: "if (err && err.code === 'EPIPE')\n        return;\n    throw err;",
    to: '',
  },
  // One file less to open where the kernel is not Microsoft's.
  {
    file: path.join(OCLIF, 'util/os.js'),
    from: "return (await import('wsl-utils')).isWsl ?",
    to: "return /microsoft/i.test((node_os_1()).release()) && (await import('wsl-utils')).isWsl ?",
  },
];

function amended(file: string, text: string): string {
  let result = text;
  for (const { from, to } of AMENDMENTS.filter((each) => each.file === file)) {
    if (!result.includes(from)) throw new Error(`${file} no longer has: ${from}`);
    result = result.replace(from, to);
  }
  return result;
}

/**
 * Node's own modules, where our own files import them: loaded when one of their functions is first used. An import
 * statement loads them at once, and with `node:crypto` also all of WebCrypto.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ path: name, importer, kind }) =>
      kind === 'import-statement' && isWithin(SOURCE, importer) ? { path: name, namespace: 'builtin' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => {
      const names = Object.keys(require(name) as object);
      const contents = `
        for (const name of ${JSON.stringify(names)}) {
          Object.defineProperty(exports, name, { enumerable: true, get: () => require('${name}')[name] });
        }`;
      return { contents, loader: 'js', resolveDir: SOURCE };
    });
  },
};

/** A module that the bundle replaces or leaves out. To use one that was left out is a bug, and says so. */
interface Replacement {
  /** The folder of the files that ask for it. */
  readonly within: string;
  /** As they write it. */
  readonly asked: string;
  /** The body of a CommonJS module; null leaves it out. */
  readonly instead: string | null;
}

/** The code of these is half of all that Node would have to read at every start. */
const REPLACEMENTS: readonly Replacement[] = [
  // The client's entry also brings the clients for whole clusters and for Sentinel.
  {
    within: SOURCE,
    asked: 'redis',
    instead: `
      exports.createClient = require(${inClient('client/index.js')}).default.create;
      exports.ErrorReply = require(${inClient('errors.js')}).ErrorReply;
      exports.RESP_TYPES = require(${inClient('RESP/decoder.js')}).RESP_TYPES;`,
  },
  // Its table of four hundred commands: the three that it sends itself when it connects stay; ours are plain words.
  {
    within: CLIENT,
    asked: '../commands',
    instead: `
      exports.__esModule = true;
      exports.default = {
        AUTH: require(${inClient('commands/AUTH.js')}).default,
        CLIENT_SETNAME: require(${inClient('commands/CLIENT_SETNAME.js')}).default,
        READONLY: require(${inClient('commands/READONLY.js')}).default,
      };
      exports.NON_STICKY_COMMANDS = {};`,
  },
  { within: CLIENT, asked: '../command-metadata', instead: null },
  { within: CLIENT, asked: './pool', instead: null },
  { within: CLIENT, asked: './cache', instead: null },
  { within: CLIENT, asked: './legacy-mode', instead: null },
  { within: CLIENT, asked: '../authx', instead: null },
  // Its log of what it does, for those who set DEBUG.
  {
    within: OCLIF,
    asked: 'debug',
    instead: `module.exports = process.env.DEBUG ? require(${inPackageOf(OCLIF, 'debug')}) : () => () => undefined;`,
  },
  // Matches names of plugins against "oclif.plugins" of package.json, which has no wildcards.
  { within: OCLIF, asked: 'minimatch', instead: 'exports.minimatch = (name, pattern) => name === pattern;' },
  // Finds commands where there is no manifest; the build makes one.
  { within: OCLIF, asked: 'tinyglobby', instead: null },
  { within: OCLIF, asked: 'semver', instead: null },
  // Finds configuration outside of package.json.
  { within: OCLIF, asked: 'lilconfig', instead: null },
  // Its spinner is made, and asks for its frames, wherever help is shown on a terminal; none of them is ever shown.
  {
    within: OCLIF,
    asked: 'cli-spinners',
    instead: `
      exports.__esModule = true;
      exports.default = { dots2: { frames: ['-'] }, line: { frames: ['-'] } };`,
  },
  // A transpiler; ours is another.
  { within: OCLIF, asked: 'typescript', instead: null },
];

const LEFT_OUT = (module: string): string => `
  module.exports = new Proxy({ __esModule: true }, {
    get(target, name) {
      if (name in target) return target[name];
      throw new Error('${module} is not in the bundle: see scripts/start-path.ts');
    },
  });`;

export const replacements: Plugin = {
  name: 'replacements',
  setup(bundle) {
    const unasked = new Set(REPLACEMENTS);
    bundle.onResolve({ filter: /.*/ }, ({ path: asked, importer }) => {
      const index = REPLACEMENTS.findIndex((each) => each.asked === asked && isWithin(each.within, importer));
      const replacement = REPLACEMENTS[index];
      if (replacement === undefined) return undefined;
      unasked.delete(replacement);
      return { path: asked, namespace: 'replacement', pluginData: replacement };
    });
    bundle.onLoad({ filter: /.*/, namespace: 'replacement' }, ({ pluginData }) => {
      const { asked, instead } = pluginData as Replacement;
      return { contents: instead ?? LEFT_OUT(asked), loader: 'js', resolveDir: SOURCE };
    });
    bundle.onEnd(() => ({
      errors: [...unasked].map(({ asked, within }) => ({ text: `Nothing in ${within} asks for ${asked} any more.` })),
    }));
  },
};

function inClient(file: string): string {
  return JSON.stringify(path.join(CLIENT, file));
}

function inPackageOf(folder: string, name: string): string {
  return JSON.stringify(require.resolve(name, { paths: [folder] }));
}

function isWithin(folder: string, file: string): boolean {
  return file.startsWith(folder + path.sep);
}
