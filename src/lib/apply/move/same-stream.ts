/**
 * What XINFO STREAM key FULL says of a stream: its entries, its groups with their consumers, and what each of them has been
 * given and has not confirmed. Names and values in turn, at every level. Seen in Redis 7.0.15 and 8.6.3, Valkey 9.1.2.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Reply } from '../../redis/cluster.ts';

/** How it is stored, and when somebody last asked: no part of the value, and not the same at a replica. */
const BESIDES: ReadonlySet<string> = new Set(['radix-tree-keys', 'radix-tree-nodes', 'seen-time', 'active-time']);
/** Lists of things that have names and values themselves. */
const LISTS: ReadonlySet<string> = new Set(['groups', 'consumers']);

/** What only one of two versions tells does not count. False where an answer is no such list. */
export function isSameStream(here: Reply, there: Reply): boolean {
  const [ours, theirs] = [fieldsOf(here), fieldsOf(there)];
  if (ours === null || theirs === null) return false;
  return [...ours].every(([name, value]) => {
    const other = theirs.get(name);
    if (other === undefined || BESIDES.has(name)) return true;
    return LISTS.has(name) ? areSame(value, other) : isDeepStrictEqual(value, other);
  });
}

function areSame(here: Reply, there: Reply): boolean {
  if (!Array.isArray(here) || !Array.isArray(there) || here.length !== there.length) return false;
  return here.every((each: Reply, index) => isSameStream(each, there[index]));
}

/** Null where there are none. */
function fieldsOf(info: Reply): ReadonlyMap<string, Reply> | null {
  if (!Array.isArray(info) || info.length === 0) return null;
  const parts = info as readonly Reply[];
  const names = parts.filter((_, index) => index % 2 === 0);
  return new Map(names.map((name, index) => [String(name), parts[2 * index + 1] ?? null]));
}
