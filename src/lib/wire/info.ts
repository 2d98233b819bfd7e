/** INFO and CLUSTER INFO: lines of `field:value`, section titles between them. */
import { OpsError } from '../errors.ts';
import type { Flavor } from '../model/flavor.ts';

/**
 * Every field with its value as sent. The order of sections is lost; no field occurs in two of them.
 * Throws PROTOCOL, with the line, where a line is neither a field, a title nor empty.
 * Seen in Redis 7.0.15 and 8.0.2, Valkey 8.1.1 and 9.1.2.
 */
export function parseInfo(text: string): Readonly<Record<string, string>> {
  // Without a prototype, for a server may name a field as it likes.
  const fields: Record<string, string> = Object.create(null);
  for (let from = 0; from < text.length; ) {
    const feed = text.indexOf('\n', from);
    const next = feed === -1 ? text.length : feed + 1;
    const end = feed === -1 ? next : text[feed - 1] === '\r' ? feed - 1 : feed;
    if (end > from && text[from] !== '#') {
      const colon = text.indexOf(':', from);
      if (colon <= from || colon >= end) throw notAField(text.slice(from, end));
      // A value may hold colons of its own.
      fields[text.slice(from, colon)] = text.slice(colon + 1, end);
    }
    from = next;
  }
  return fields;
}

function notAField(line: string): OpsError {
  return new OpsError('PROTOCOL', `A server sent a line of INFO that is not "field:value": "${line}".`);
}

/**
 * Product and version from the server section of INFO. Valkey (8.1.1, 9.1.2) still sends `redis_version`, frozen
 * at 7.2.4, so its own fields are asked first. Throws PROTOCOL where there is no version.
 */
export function flavorOf(info: Readonly<Record<string, string>>): Flavor {
  const { server_name: name, valkey_version: valkeyVersion, redis_version: redisVersion } = info;
  const version = valkeyVersion ?? redisVersion;
  if (version === undefined) throw new OpsError('PROTOCOL', 'A server sent an INFO without its version.');
  return { product: valkeyVersion !== undefined || name === 'valkey' ? 'valkey' : 'redis', version };
}
