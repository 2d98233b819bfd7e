/** Addresses as they are typed, and what is said where they are not. */
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { parseAddress } from '../model/address.ts';

/** One address for each word. Throws USAGE naming the first word that is none. */
export function parseAddresses(words: readonly string[]): readonly Address[] {
  return words.map((word) => {
    const address = parseAddress(word);
    if (address) return address;
    throw new OpsError('USAGE', `Invalid address format: ${word}`, {
      suggestions: ['Write host:port, for example 127.0.0.1:7000 or [::1]:7000.'],
    });
  });
}

/**
 * The seeds of an existing cluster: `host:port …`, or redis-cli's two words `host port`. Throws USAGE, in redis-cli's
 * words where nothing was given.
 */
export function parseSeeds(words: readonly string[]): readonly Address[] {
  const [host, port] = words;
  const isPair = words.length === 2 && port !== undefined && /^\d+$/.test(port);
  if (isPair) return parseAddresses([`${host}:${port}`]);
  if (words.length > 0) return parseAddresses(words);
  throw new OpsError(
    'USAGE',
    '[ERR] Invalid arguments: you need to pass either a valid address (ie. 120.0.0.1:7000) or space separated IP and port (ie. 120.0.0.1 7000)',
    {
      suggestions: ['Name a node of the cluster as host:port, or a context of the configuration file with --context.'],
    },
  );
}

/** USAGE, in redis-cli's words. `suggestion` is what to type. */
export function wrongArguments(suggestion: string): OpsError {
  return new OpsError('USAGE', '[ERR] Wrong number of arguments for specified --cluster sub command', {
    suggestions: [suggestion],
  });
}
