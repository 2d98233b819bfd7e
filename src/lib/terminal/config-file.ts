/**
 * The configuration file: named contexts, so that `cluster check --context prod` is enough.
 *
 *   contexts:
 *     prod:
 *       seeds: [10.0.0.1:6379, 10.0.0.2:6379]
 *       user: ops
 *       password-env: PROD_REDIS_PASSWORD
 *       tls: true
 *       cacert: /etc/redis/ca.pem
 *
 * A password itself is not taken from it: a file that is easily copied is no place for one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { OpsError } from '../errors.ts';
import { isObject } from '../json.ts';

export interface Context {
  readonly seeds: readonly string[];
  readonly user?: string;
  readonly 'password-env'?: string;
  readonly tls?: boolean;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly sni?: string;
  readonly 'nat-map'?: readonly string[];
}

const TYPES: Readonly<Record<keyof Context, 'text' | 'boolean' | 'list'>> = {
  seeds: 'list',
  user: 'text',
  'password-env': 'text',
  tls: 'boolean',
  cacert: 'text',
  cert: 'text',
  key: 'text',
  sni: 'text',
  'nat-map': 'list',
};

/** The context of that name in the file. Throws USAGE where there is none, or where the file cannot be understood. */
export async function readContext(file: string, name: string): Promise<Context> {
  if (!existsSync(file))
    throw new OpsError('USAGE', `There is no configuration file at ${file}, hence no context ${name}.`);
  // Loaded only here: parsing YAML is not in the path of every start.
  const { parse } = await import('./yaml.ts');
  let document: unknown;
  try {
    document = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new OpsError('USAGE', `${file} is not valid YAML.`, { cause });
  }
  const contexts = isObject(document) && isObject(document['contexts']) ? document['contexts'] : {};
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (isObject(context)) return validate(file, name, context);
  const known = Object.keys(contexts);
  throw new OpsError('USAGE', `${file} has no context ${name}.`, {
    suggestions: known.length === 0 ? [] : [`It has: ${known.join(', ')}.`],
  });
}

function validate(file: string, name: string, context: Readonly<Record<string, unknown>>): Context {
  for (const [field, value] of Object.entries(context)) {
    const type = Object.hasOwn(TYPES, field) ? TYPES[field as keyof Context] : undefined;
    if (type === undefined) throw new OpsError('USAGE', `${file}: context ${name} has an unknown field ${field}.`);
    if (!isOfType(value, type)) throw new OpsError('USAGE', `${file}: ${field} of context ${name} is not a ${type}.`);
  }
  return { seeds: [], ...context };
}

function isOfType(value: unknown, type: 'text' | 'boolean' | 'list'): boolean {
  if (type === 'list') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  return typeof value === (type === 'text' ? 'string' : 'boolean');
}
