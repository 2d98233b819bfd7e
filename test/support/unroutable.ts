/**
 * A machine from which some addresses cannot be reached, although this one can: what a child process is given in its
 * environment, so that its connections to them end as they do without a route.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { home } from './executables.ts';

const GUARD = `import { Socket } from 'node:net';
const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...words) {
  const [first] = words;
  const { host } = (Array.isArray(first) ? first[0] : first) ?? {};
  if (!host?.startsWith(process.env.UNROUTABLE)) return connect.apply(this, words);
  const failure = Object.assign(new Error('connect ENETUNREACH ' + host), { code: 'ENETUNREACH' });
  process.nextTick(() => this.destroy(failure));
  return this;
};
`;

/** No address that begins with `prefix` is reached. */
export function withoutRouteTo(prefix: string): Readonly<Record<string, string>> {
  const guard = path.join(home, 'unroutable.mjs');
  writeFileSync(guard, GUARD);
  return { NODE_OPTIONS: `--import ${guard}`, UNROUTABLE: prefix };
}
