/** The configuration file of a server in cluster mode, as a value and as text. */
import { isIP } from 'node:net';
import { assert } from '../assert.ts';

/**
 * Values are written as they stand in redis.conf, so that a setting of several words works: {@link quoteSetting} what is
 * one word but holds spaces or quotes. A list gives one line each, as `user` and `save` take it.
 */
export type ServerSettings = Readonly<Record<string, string | readonly string[]>>;

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Only where it is not `port + 10000`. Needs Redis 7.0 or Valkey. */
  readonly busPort?: number;
}

/**
 * How a local node is configured unless told otherwise. Files are relative to its working directory, so that a folder
 * can be moved. A save point is what makes a server write its data when it is stopped by SIGTERM: with it
 * `local down --keep` loses nothing, and without the write load of an append-only file.
 */
export function clusterSettings(listen: ListenAddress): ServerSettings {
  return {
    port: `${listen.port}`,
    ...(listen.busPort === undefined ? {} : { 'cluster-port': `${listen.busPort}` }),
    bind: listen.host,
    // Without it a node takes the source address of its connections for its own: 127.0.0.1 for every loopback address.
    ...(isSpecific(listen.host) ? { 'cluster-announce-ip': listen.host } : {}),
    ...(isLoopback(listen.host) ? { 'protected-mode': 'no' } : {}),
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    // A new cluster serves after this time; with the server's default of 15000 it would be 5 s (the rejoin delay).
    'cluster-node-timeout': '2000',
    // A replica is not to wait for others that might want the same copy.
    'repl-diskless-sync-delay': '0',
    daemonize: 'no',
    save: '3600 1',
    appendonly: 'no',
  };
}

/** The lines of a configuration file, one setting each. */
export function formatSettings(settings: ServerSettings): string {
  const lines = Object.entries(settings).flatMap(([name, values]) => [values].flat().map((value) => line(name, value)));
  return `${lines.join('\n')}\n`;
}

/** One word of redis.conf that stands for exactly this text. */
export function quoteSetting(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `"${escaped}"`;
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function isSpecific(host: string): boolean {
  return isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::';
}

function line(name: string, value: string): string {
  assert(!/[\r\n]/.test(name + value), `the setting ${name} is one line`);
  return `${name} ${value === '' ? '""' : value}`;
}
