/** From flags, environment and configuration file to where and how to connect. A flag beats the environment, which beats the file. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { OpsError } from '../errors.ts';
import { parseNatMap } from '../redis/nat.ts';
import type { ConnectOptions } from '../redis/options.ts';
import type { Context } from './config-file.ts';
import { readContext } from './config-file.ts';
import { configFile } from './directories.ts';
import type { ConnectionFlags } from './flags.ts';

export interface Target {
  readonly options: ConnectOptions;
  /** Addresses named by the URI or the context, used where the command line names none. */
  readonly seeds: readonly string[];
}

interface Source {
  readonly flags: ConnectionFlags;
  readonly environment: NodeJS.ProcessEnv;
  readonly clientName: string | null;
  /** Asks the operator; only called for --askpass. */
  readonly askPassword: () => Promise<string>;
}

/** Throws USAGE for what cannot be understood. No secret is in a message. */
export async function readTarget({ flags, environment, clientName, askPassword }: Source): Promise<Target> {
  const context: Context =
    flags.context === undefined ? { seeds: [] } : await readContext(configFile(environment), flags.context);
  const uri = flags.uri === undefined ? null : parseUri(flags.uri);
  const fromContext = context['password-env'] === undefined ? undefined : environment[context['password-env']];
  const password = flags.askpass
    ? await askPassword()
    : (flags.pass ?? uri?.password ?? environmentPassword(environment) ?? fromContext);
  const isTls = flags.tls === true || uri?.tls === true || context.tls === true;
  return {
    options: {
      user: flags.user ?? uri?.user ?? context.user ?? null,
      password: password ?? null,
      tls: isTls ? tlsOptions({ ...context, ...definedOnly(flags) }) : null,
      timeoutMs: parseConnectTimeout(flags['connect-timeout'] ?? '5'),
      clientName,
      natMap: parseNatMap(flags['nat-map'] ?? context['nat-map'] ?? []),
      family: flags.ipv4 ? 4 : flags.ipv6 ? 6 : 0,
    },
    seeds: uri?.seed ? [uri.seed] : context.seeds,
  };
}

/** As valkey-cli: its own name first. */
function environmentPassword(environment: NodeJS.ProcessEnv): string | undefined {
  return environment['VALKEYCLI_AUTH'] ?? environment['REDISCLI_AUTH'];
}

/** For redis-cli 0 is as long as the operating system waits; Linux gives up after about this time. */
const UNLIMITED_MS = 120_000;

function parseConnectTimeout(text: string): number {
  return text !== '' && Number(text) === 0 ? UNLIMITED_MS : parseSeconds(text, '--connect-timeout');
}

/** Beyond 24 days Node's timers are due at once. */
const SECONDS_MAX = 2_000_000;

/** Seconds, fractions allowed, as milliseconds. Throws USAGE naming the flag. */
export function parseSeconds(text: string, flag: string): number {
  const seconds = Number(text);
  if (seconds > SECONDS_MAX)
    throw new OpsError('USAGE', `${flag} takes ${SECONDS_MAX} seconds at most, not "${text}".`);
  if (seconds > 0) return Math.ceil(seconds * 1000);
  throw new OpsError('USAGE', `${flag} takes seconds greater than 0, not "${text}".`);
}

interface ParsedUri {
  readonly user?: string;
  readonly password?: string;
  readonly tls: boolean;
  readonly seed: string | null;
}

function parseUri(text: string): ParsedUri {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(rediss?|valkeys?):$/.test(url.protocol)) throw unreadableUri();
  return {
    ...(url.username === '' ? {} : { user: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
    tls: url.protocol === 'rediss:' || url.protocol === 'valkeys:',
    seed: url.hostname === '' ? null : `${url.hostname}:${url.port === '' ? 6379 : url.port}`,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unreadableUri();
  }
}

/** Neither the text nor a cause is repeated: it may hold a password. */
function unreadableUri(): OpsError {
  return new OpsError('USAGE', 'The URI is not of the form redis[s]://[user[:password]@]host:port.');
}

export type TlsFlags = Pick<
  ConnectionFlags,
  'cacert' | 'cacertdir' | 'cert' | 'key' | 'sni' | 'insecure' | 'tls-ciphers' | 'tls-ciphersuites'
>;

/** Throws USAGE where a file cannot be read. */
export function tlsOptions(flags: TlsFlags): ConnectionOptions {
  const authorities = [
    ...(flags.cacert === undefined ? [] : [readCertificate(flags.cacert)]),
    ...(flags.cacertdir === undefined ? [] : readDirectory(flags.cacertdir)),
  ];
  const ciphers = [flags['tls-ciphersuites'], flags['tls-ciphers']].filter((list) => list !== undefined);
  return {
    ...(authorities.length === 0 ? {} : { ca: authorities }),
    ...(flags.cert === undefined ? {} : { cert: readCertificate(flags.cert) }),
    ...(flags.key === undefined ? {} : { key: readCertificate(flags.key) }),
    ...(ciphers.length === 0 ? {} : { ciphers: ciphers.join(':') }),
    rejectUnauthorized: flags.insecure !== true,
    // Nodes announce IP addresses, which certificates rarely name: like redis-cli, names are verified with --sni only.
    ...(flags.sni === undefined ? { checkServerIdentity: () => undefined } : { servername: flags.sni }),
  };
}

function readDirectory(directory: string): readonly Buffer[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.(pem|crt|cer|0)$/.test(name))
      .map((name) => readCertificate(path.join(directory, name)));
  } catch (cause) {
    throw cause instanceof OpsError
      ? cause
      : new OpsError('USAGE', `The folder ${directory} cannot be read.`, { cause });
  }
}

function readCertificate(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new OpsError('USAGE', `The file ${file} cannot be read.`, { cause });
  }
}

/** Without the fields that are undefined. */
export function definedOnly<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
