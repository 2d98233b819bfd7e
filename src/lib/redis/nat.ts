/** `--nat-map announced=reachable`: nodes in containers or behind tunnels announce addresses that cannot be reached from here. */
import { isIP } from 'node:net';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import type { NatMap } from './options.ts';

/** Reads pairs such as `10.0.0.1:6379=localhost:7001` or `10.0.0.1=bastion`. Throws USAGE. */
export function parseNatMap(pairs: readonly string[]): NatMap {
  const map = new Map<string, string>();
  for (const pair of pairs.flatMap((text) => text.split(','))) {
    const [announced, reachable, ...rest] = pair.split('=').map(readPlace);
    if (!announced?.text || !reachable?.text || rest.length > 0 || announced.hasPort !== reachable.hasPort) {
      throw new OpsError(
        'USAGE',
        `--nat-map takes announced=reachable, both as host:port or both as host, not "${pair}"`,
        {
          suggestions: ['For example: --nat-map 10.0.0.1:6379=localhost:7001'],
        },
      );
    }
    map.set(announced.text, reachable.text);
  }
  return map;
}

/** Where `announced` is reached from here. */
export function reachableAddress(map: NatMap, announced: Address): Address {
  const whole = map.get(formatAddress(announced));
  if (whole !== undefined) return parseAddress(whole) ?? announced;
  const host = map.get(announced.host);
  return host === undefined ? announced : { host, port: announced.port };
}

/** The reverse of {@link reachableAddress}: what other nodes call the node that is reached at `reachable`. */
export function announcedAddress(map: NatMap, reachable: Address): Address {
  for (const [announced, target] of map) {
    if (target === formatAddress(reachable)) return parseAddress(announced) ?? reachable;
    if (target === reachable.host) return { host: announced, port: reachable.port };
  }
  return reachable;
}

/**
 * `text` as {@link formatAddress} writes it, without brackets and bus port. An IPv6 address alone would read as a host and
 * a port as well, so `fd00::1:7000` has no port, and `[fd00::1]:7000` has one.
 */
function readPlace(text: string): { readonly text: string; readonly hasPort: boolean } {
  const bare = /^\[([^\]]+)\]$/.exec(text)?.[1] ?? text;
  const address = isIP(bare) === 0 ? parseAddress(bare) : null;
  return address === null ? { text: bare, hasPort: false } : { text: formatAddress(address), hasPort: true };
}
