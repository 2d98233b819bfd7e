/**
 * Which server do the tests run? A flavor is a name; `scripts/server.ts` makes sure that its server is there, and this
 * file finds it without doing anything. Callers spawn one path: where a server was fetched, that path is a script that
 * replaces itself by the server, so the process id is the server's own.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** `default` is what the machine has, or what its own packages give; the others are always fetched. */
export const SERVER_FLAVORS = ['default', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const;
export type ServerFlavor = (typeof SERVER_FLAVORS)[number];

export interface ServerBinary {
  readonly server: string;
  /** redis-cli or valkey-cli of the same version. */
  readonly cli: string;
  /** redis-check-rdb or valkey-check-rdb of the same version. */
  readonly checkRdb: string;
  readonly flavor: ServerFlavor;
}

/** Fetched servers, one folder per flavor; ignored by git. */
export const SERVERS_FOLDER = path.resolve(import.meta.dirname, '../../.servers');

/**
 * The server of a flavor, by default of the one that `CLUSTER_TEST_FLAVOR` names. Throws one sentence that says what to
 * type where it is not there.
 */
export function serverBinary(flavor: string = flavorFromEnvironment()): ServerBinary {
  if (!isServerFlavor(flavor))
    throw new Error(`There is no server flavor "${flavor}": use one of ${SERVER_FLAVORS.join(', ')}.`);
  const found = findServer(flavor);
  if (!found)
    throw new Error(`The server "${flavor}" is not there: run \`npx tsx scripts/server.ts ${flavor}\` first.`);
  return found;
}

/** The server of a flavor, or null where it is not there. */
export function findServer(flavor: ServerFlavor): ServerBinary | null {
  const fetched = path.join(SERVERS_FOLDER, flavor);
  const folders = flavor === 'default' ? [...pathFolders(), fetched] : [fetched];
  for (const folder of folders) {
    for (const product of ['redis', 'valkey']) {
      const server = path.join(folder, `${product}-server`);
      const cli = path.join(folder, `${product}-cli`);
      const checkRdb = path.join(folder, `${product}-check-rdb`);
      if ([server, cli, checkRdb].every(isExecutable)) return { server, cli, checkRdb, flavor };
    }
  }
  return null;
}

export function isServerFlavor(text: string): text is ServerFlavor {
  return SERVER_FLAVORS.some((flavor) => flavor === text);
}

function flavorFromEnvironment(): string {
  const { CLUSTER_TEST_FLAVOR = 'default' } = process.env;
  return CLUSTER_TEST_FLAVOR;
}

function pathFolders(): readonly string[] {
  const { PATH = '' } = process.env;
  return PATH.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
