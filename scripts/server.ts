/**
 * Makes sure that there is a server to test against:
 *
 *   tsx scripts/server.ts [default|redis-8.0|redis-8.6|valkey-8.1|valkey-9.1]
 *
 * stdout: the path of the server, one line. stderr: progress. Exit code 1 with one sentence where there can be none.
 * Without an argument the machine's own server will do; otherwise packages of the machine's own mirror are unpacked
 * into `.servers/NAME`, without root and without installing anything. It asks the network nothing where the server is
 * there, and two processes may do it at once: each unpacks into a folder of its own, and the first to rename it wins.
 */
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { present } from '../src/lib/assert.ts';
import {
  findServer,
  isServerFlavor,
  SERVER_FLAVORS,
  SERVERS_FOLDER,
  type ServerBinary,
  type ServerFlavor,
} from '../test/support/server-binaries.ts';
import { findLoader, run, unpackPackage } from './server-packages.ts';

/** Which packages hold which flavor. `suite` null: the machine's own. The first package that the suite has is taken. */
const PACKAGES: Readonly<
  Record<ServerFlavor, { readonly suite: string | null; readonly packages: readonly string[] }>
> = {
  default: { suite: null, packages: ['redis-tools', 'valkey-tools'] },
  'redis-8.0': { suite: 'trixie', packages: ['redis-tools'] },
  'redis-8.6': { suite: 'experimental', packages: ['redis-tools'] },
  'valkey-8.1': { suite: 'trixie', packages: ['valkey-tools'] },
  'valkey-9.1': { suite: 'forky', packages: ['valkey-tools'] },
};

/** The server of the flavor, fetched first where it is not there. Rejects with one sentence where it cannot be had. */
export async function ensureServer(flavor: ServerFlavor): Promise<ServerBinary> {
  const found = findServer(flavor);
  if (found) return found;
  try {
    await fetchServer(flavor);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(installAdvice(flavor, reason), { cause: error });
  }
  return present(findServer(flavor), 'a fetched server is where findServer looks');
}

async function fetchServer(flavor: ServerFlavor): Promise<void> {
  await mkdir(SERVERS_FOLDER, { recursive: true });
  const folder = await mkdtemp(path.join(SERVERS_FOLDER, `.unpacking-${flavor}-`));
  try {
    const { suite, packages } = PACKAGES[flavor];
    const taken = await unpackPackage(folder, suite, packages, progress);
    const server = await writeWrappers(folder, taken.replace('-tools', ''));
    progress(`unpacked ${(await run(server, ['--version'])).trim()}`);
    await moveIntoPlace(folder, flavor);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A script each for server, client and redis-check-rdb that starts the binary through the unpacked loader, because the libraries and
 * the loader of another suite belong together. The binary called `*-check-rdb` is the server too: it looks at the name
 * it was started by. Source: redis-tools 7.0.15 and 8.0.2, valkey-tools 8.1.1 and 9.1.2.
 */
async function writeWrappers(folder: string, product: string): Promise<string> {
  const loader = await findLoader(folder);
  const libraries = path.posix.dirname(loader);
  await symlink(`${product}-check-rdb`, path.join(folder, `root/usr/bin/${product}-server`));
  const folders = new Set([libraries, `root/usr/lib/${path.posix.basename(libraries)}`]);
  const libraryPath = [...folders].map((each) => `$here/${each}`).join(':');
  for (const program of ['server', 'cli', 'check-rdb'].map((kind) => `${product}-${kind}`)) {
    const script = [
      '#!/bin/sh',
      // Relative to the script, because the folder is renamed once it is complete.
      `here=$(CDPATH= cd -- "\${0%/*}" && pwd)`,
      `exec "$here/${loader}" --library-path "${libraryPath}" "$here/root/usr/bin/${program}" "$@"`,
      '',
    ].join('\n');
    await writeFile(path.join(folder, program), script);
    await chmod(path.join(folder, program), 0o755);
  }
  return path.join(folder, `${product}-server`);
}

async function moveIntoPlace(folder: string, flavor: ServerFlavor): Promise<void> {
  await chmod(folder, 0o755);
  try {
    await rename(folder, path.join(SERVERS_FOLDER, flavor));
  } catch (error) {
    // Another process was first: its server is as good as ours.
    if (!findServer(flavor)) throw error;
  }
}

function installAdvice(flavor: ServerFlavor, reason: string): string {
  return flavor === 'default'
    ? `No redis-server or valkey-server is in PATH, and none could be fetched (${reason}): install the package redis-server or valkey-server.`
    : `The server ${flavor} could not be fetched (${reason}): put it and its cli into .servers/${flavor}.`;
}

function progress(line: string): void {
  process.stderr.write(`server: ${line}\n`);
}

async function main(flavor = 'default'): Promise<void> {
  if (!isServerFlavor(flavor))
    throw new Error(`There is no server flavor "${flavor}": use one of ${SERVER_FLAVORS.join(', ')}.`);
  process.stdout.write(`${(await ensureServer(flavor)).server}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(process.argv[2]).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
