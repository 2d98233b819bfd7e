/**
 * Do both sides hold the same elements under a key, in whatever order and encoding? Asked only of keys whose dumps differ:
 * hashes and sets may be the same and dump differently, and servers of different versions dump most things differently.
 *
 * Nothing of a value may be left out: what is compared here and found the same is deleted on one side.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { mayHaveFieldExpiries } from '../../wire/dump-payload.ts';
import { isSameStream } from './same-stream.ts';

export type Side = 'source' | 'target';

/** One command to one of the two sides, with its reply as bytes. */
export type AskSide = (side: Side, command: readonly Argument[]) => Promise<Reply>;

/** What both sides answered to DUMP. */
export type Dumps = Readonly<Record<Side, Buffer>>;

/** False also where it cannot be told. Throws what `ask` throws. */
export function haveSameElements(key: Buffer, type: string, dumps: Dumps, ask: AskSide): Promise<boolean> {
  switch (type) {
    case 'string':
      return isSame(ask, argv.get(key), inOrder);
    case 'list':
      return isSame(ask, argv.listRange(key), inOrder);
    case 'zset':
      return isSame(ask, argv.sortedSetRange(key), inOrder);
    case 'set':
      return isSame(ask, argv.setMembers(key), (here, there) => sameElements(here, there, 1));
    case 'stream':
      return isSame(ask, argv.streamWhole(key), isSameStream);
    case 'hash':
      return isSameHash(key, dumps, ask);
    default:
      return Promise.resolve(false);
  }
}

type Alike = (here: Reply, there: Reply) => boolean;

async function isSame(ask: AskSide, command: readonly Argument[], alike: Alike): Promise<boolean> {
  const [here, there] = await Promise.all([ask('source', command), ask('target', command)]);
  return alike(here, there);
}

/** An answer in words is an error, and two errors are no value. */
function inOrder(here: Reply, there: Reply): boolean {
  return (Array.isArray(here) || Buffer.isBuffer(here)) && isDeepStrictEqual(here, there);
}

/** Elements without an order, each `width` replies long. */
function sameElements(here: Reply, there: Reply, width: number): boolean {
  if (!Array.isArray(here) || !Array.isArray(there)) return false;
  return isDeepStrictEqual(sorted(here, width), sorted(there, width));
}

function sorted(replies: readonly Reply[], width: number): readonly string[] {
  const parts = replies.map((reply) => (Buffer.isBuffer(reply) ? reply.toString('hex') : String(reply)));
  return Array.from({ length: Math.ceil(parts.length / width) }, (_, index) =>
    parts.slice(index * width, (index + 1) * width).join(':'),
  ).sort();
}

/** Fields may expire by themselves (Redis 7.4, Valkey 9). HGETALL does not tell; older servers do not know the question. */
async function isSameHash(key: Buffer, dumps: Dumps, ask: AskSide): Promise<boolean> {
  const command = argv.hashGetAll(key);
  const [here, there] = await Promise.all([ask('source', command), ask('target', command)]);
  if (!sameElements(here, there, 2) || !Array.isArray(here)) return false;
  const fields = (here as readonly Reply[]).filter((each, index) => index % 2 === 0 && Buffer.isBuffer(each));
  const never = fields.map(() => -1);
  const [ours, theirs] = await Promise.all(
    (['source', 'target'] as const).map((side) =>
      mayHaveFieldExpiries(dumps[side]) ? ask(side, argv.fieldExpiries(key, fields as readonly Buffer[])) : never,
    ),
  );
  return Array.isArray(ours) && isDeepStrictEqual(ours, theirs);
}
