/**
 * Do both sides of a move hold the same value under a key? Asked without DEBUG, which servers refuse by default.
 *
 * DUMP is compared first: a copy made by MIGRATE mostly has the same one. Hashes and sets may be the same and dump
 * differently, because their order in memory is no part of their value; of those the elements are compared.
 */
import { isDeepStrictEqual } from 'node:util';
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import type { TopologyNode } from '../../model/topology.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { MoveContext, MoveJob } from './move.ts';

/** Expiry travels as the time that is left, so the copy's differs by the time of the transfer. */
const EXPIRY_DIFFERENCE_MS_MAX = 2000;

/** `gone`: a side does not hold the key any more, so there is nothing to compare. */
export type Comparison = 'same' | 'different' | 'gone';

/** Compares the values of one key. Throws UNREACHABLE where a side does not answer. */
export async function compareValues(
  job: Sides,
  context: Pick<MoveContext, 'cluster'>,
  database: number,
  key: Buffer,
): Promise<Comparison> {
  const [here, there] = await Promise.all([
    read(job, context, database, key, 'source'),
    read(job, context, database, key, 'target'),
  ]);
  if (here === null || there === null) return 'gone';
  if (here.type !== there.type) return 'different';
  if (Math.abs(here.expiryMs - there.expiryMs) > EXPIRY_DIFFERENCE_MS_MAX) return 'different';
  if (here.dump.equals(there.dump)) return 'same';
  return (await haveSameElements(job, context, database, key, here.type)) ? 'same' : 'different';
}

/** `target` is the side that may answer only after ASKING. */
type Sides = Pick<MoveJob, 'source' | 'target'>;

interface Value {
  readonly type: string;
  readonly dump: Buffer;
  /** PTTL; -1 where it never expires. */
  readonly expiryMs: number;
}

type Side = 'source' | 'target';

async function read(
  job: Sides,
  context: Pick<MoveContext, 'cluster'>,
  database: number,
  key: Buffer,
  side: Side,
): Promise<Value | null> {
  const [type, dump, expiryMs] = await ask(job, context, database, side, [
    argv.type(key),
    argv.dump(key),
    argv.expiry(key),
  ]);
  if (!Buffer.isBuffer(dump)) return null;
  return { type: String(type), dump, expiryMs: Number(expiryMs) };
}

async function haveSameElements(
  job: Sides,
  context: Pick<MoveContext, 'cluster'>,
  database: number,
  key: Buffer,
  type: string,
): Promise<boolean> {
  const command = type === 'hash' ? argv.hashGetAll(key) : type === 'set' ? argv.setMembers(key) : null;
  if (command === null) return false;
  const [[here], [there]] = await Promise.all([
    ask(job, context, database, 'source', [command]),
    ask(job, context, database, 'target', [command]),
  ]);
  const width = type === 'hash' ? 2 : 1;
  return isDeepStrictEqual(sorted(here, width), sorted(there, width));
}

/** The elements, each `width` replies long, as text in a canonical order. */
function sorted(reply: Reply | undefined, width: number): readonly string[] {
  const parts = (Array.isArray(reply) ? reply : []).map((part) =>
    Buffer.isBuffer(part) ? part.toString('hex') : String(part),
  );
  const elements = Array.from({ length: Math.ceil(parts.length / width) }, (_, index) =>
    parts.slice(index * width, (index + 1) * width).join(':'),
  );
  return elements.sort();
}

/** A target that is importing the slot answers only after ASKING, which holds for one command. Throws FAILED with the first error reply. */
async function ask(
  { source, target }: Sides,
  { cluster }: Pick<MoveContext, 'cluster'>,
  database: number,
  side: Side,
  commands: readonly (readonly Argument[])[],
): Promise<readonly Reply[]> {
  const isTarget = side === 'target';
  const sent = isTarget ? commands.flatMap((command) => [argv.asking(), command]) : commands;
  const replies = await cluster.callMany(isTarget ? target.address : source.address, sent, {
    bytes: true,
    database,
    channel: 'compare',
  });
  return replies
    .filter((_, index) => !isTarget || index % 2 === 1)
    .map((reply) => {
      if (reply instanceof ReplyError) throw refused(isTarget ? target : source, reply);
      return reply;
    });
}

function refused({ address }: TopologyNode, reply: ReplyError): OpsError {
  return new OpsError('FAILED', `Node ${formatAddress(address)} refused to show a key: ${reply.message}`, {
    cause: reply,
  });
}
