/** What an operator says about placement: zones on the command line, or a whole layout in a file. */
import { readFileSync } from 'node:fs';
import { OpsError } from '../errors.ts';
import type { Layout } from '../plan/layout-file.ts';
import { parseLayout } from '../plan/layout-file.ts';

/** Reads `host=zone` pairs. Throws USAGE. */
export function parseZones(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [host, zone, ...rest] = pair.split('=');
      if (host && zone && rest.length === 0) return [host, zone] as const;
      throw new OpsError('USAGE', `--zone takes host=zone, not "${pair}".`, {
        suggestions: ['For example: --zone 10.0.0.1=a'],
      });
    }),
  );
}

/** Reads a layout file, YAML or JSON. Throws USAGE with every problem that it has. */
export async function readLayout(file: string): Promise<Layout> {
  // Loaded only here: parsing YAML is not in the path of every start. JSON is YAML.
  const { parse } = await import('./yaml.ts');
  let document: unknown;
  try {
    document = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OpsError('USAGE', `The topology file ${file} cannot be read: ${reason}`, { cause });
  }
  const parsed = parseLayout(document);
  if (parsed.ok) return parsed.layout;
  throw new OpsError('USAGE', [`The topology file ${file} is not usable:`, ...parsed.problems].join('\n  '));
}
