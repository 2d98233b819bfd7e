/**
 * Which address do other nodes use for a node that we were only given by hand?
 *
 * A node that never met another does not know its own address: CLUSTER NODES shows `:7000@17000` (Redis 7.0, Valkey
 * 9.1). MEET wants an IP. In order: what the node announces; what `--nat-map` says; the server's own end of our
 * connection (`laddr` of CLIENT INFO, Redis 6.2), which inside a container is the container's address; the address we
 * connected to. A loopback `laddr` behind an address that is not loopback is a proxy's and does not count.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { busPortOf, formatAddress } from '../model/address.ts';
import type { NodeEntry } from '../model/node.ts';
import { argv } from '../wire/argv.ts';
import type { Connections } from './connections.ts';
import { announcedAddress } from './nat.ts';
import type { ConnectOptions } from './options.ts';

/** The address for MEET of the node that was reached at `reached` and says `own` of itself. */
export async function findPeerAddress(
  connections: Connections,
  options: ConnectOptions,
  reached: Address,
  own: NodeEntry,
): Promise<Required<Address>> {
  if (own.address.host !== '') return own.address;
  const mapped = announcedAddress(options.natMap, reached);
  const typed = await resolve(mapped.host, options.family);
  const isMapped = formatAddress(mapped) !== formatAddress(reached);
  const local = isMapped ? null : await localEnd(connections, reached);
  const host = local !== null && (isLoopback(typed) || !isLoopback(local)) ? local : typed;
  return {
    host,
    port: isMapped ? mapped.port : own.address.port,
    busPort: reached.busPort ?? mapped.busPort ?? own.address.busPort ?? busPortOf(mapped),
  };
}

async function resolve(host: string, family: 0 | 4 | 6): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host, { family })).address;
  } catch (cause) {
    throw new OpsError('UNREACHABLE', `The host name ${host} cannot be resolved.`, { cause });
  }
}

/** The server's end of our connection; null where it does not say. */
async function localEnd(connections: Connections, address: Address): Promise<string | null> {
  const [reply] = await connections.callMany(address, [argv.clientInfo()]);
  if (typeof reply !== 'string') return null;
  const host = / laddr=\[?([^\]\s]+?)\]?:\d+ /.exec(reply)?.[1] ?? '';
  return isIP(host) === 0 ? null : host;
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
