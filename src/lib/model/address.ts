/** Where a node is reached: how operators write it, and how it is printed everywhere. */

export interface Address {
  /** An IPv4 or IPv6 address without brackets, or a host name. Empty where a server does not know it. */
  readonly host: string;
  readonly port: number;
  /** The cluster bus port where it is not `port + 10000`. */
  readonly busPort?: number;
}

/** The distance of the bus port from the client port where none is configured. Source: redis.conf 7.0, `cluster-port`. */
export const BUS_PORT_OFFSET = 10000;

/** `host:port`, as redis-cli prints it (an IPv6 address is not bracketed). The bus port is not part of it. */
export function formatAddress(address: Address): string {
  return `${address.host}:${address.port}`;
}

/**
 * Reads `host:port`, `[v6]:port`, `v6:port` (split at the last colon) and any of them with `@busport`.
 * Null where the text is none of these.
 */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([^\]]+)\]|(.+)):(\d{1,5})(?:@(\d{1,5}))?$/.exec(text.trim());
  if (!match) return null;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  const busPort = match[4] === undefined ? undefined : Number(match[4]);
  if (!isHost(host) || !isPort(port) || (busPort !== undefined && !isPort(busPort))) return null;
  return busPort === undefined ? { host, port } : { host, port, busPort };
}

/** The bus port in force. */
export function busPortOf(address: Address): number {
  return address.busPort ?? address.port + BUS_PORT_OFFSET;
}

function isPort(port: number): boolean {
  return port > 0 && port < 65536;
}

function isHost(host: string): boolean {
  return /^[A-Za-z0-9._:%-]+$/.test(host);
}
