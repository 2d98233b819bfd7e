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

/** A copy's expiry differs by the time of the transfer. */
const EXPIRY_DIFFERENCE_MS_MAX = 2000;

/** `gone`: a side does not hold the key any more, so there is nothing to compare. */
export type Comparison = 'same' | 'different' | 'gone';

/** May they expire as far apart as a {@link isLateCopy} does? */
export type ExpiryRule = 'alike' | 'or-late-copy';

/** Compares the values of one key. Throws UNREACHABLE where a side does not answer. */
export async function compareValues(
  job: Sides,
  context: Pick<MoveContext, 'cluster'>,
  database: number,
  key: Buffer,
  expiry: ExpiryRule = 'alike',
): Promise<Comparison> {
  const [here, there] = await Promise.all([
    read(job, context, database, key, 'source'),
    read(job, context, database, key, 'target'),
  ]);
  if (here === null || there === null) return 'gone';
  if (here.type !== there.type) return 'different';
  const isAlike = Math.abs(here.expiryMs - there.expiryMs) <= EXPIRY_DIFFERENCE_MS_MAX;
  if (!isAlike && !(expiry === 'or-late-copy' && isLateCopy(here.expiryMs, there.expiryMs))) return 'different';
  if (here.dump.equals(there.dump)) return 'same';
  const isSame = await haveSameElements(key, here.type, (side, command) =>
    ask(job, context, database, side, [command]).then(([reply = null]) => reply),
  );
  return isSame ? 'same' : 'different';
}

/**
 * Expiry travels as the time that is left. A target that was stopped carries out the MIGRATE when it goes on, however much
 * later that is, and its copy expires as much later than what clients see at the source: never sooner.
 */
function isLateCopy(expiryMs: number, copyMs: number): boolean {
  return expiryMs >= 0 && copyMs > expiryMs;
}

/** `target` is the side that may answer only after ASKING. */
type Sides = Pick<MoveJob, 'source' | 'target'>;

/** One command to one of the two sides, with its reply as bytes. */
export type AskSide = (side: Side, command: readonly Argument[]) => Promise<Reply>;

/**
 * True where both sides hold the same elements, in whatever order and encoding; false where that cannot be told. Only
 * asked of keys whose dumps differ. Throws what `ask` throws.
 */
export async function haveSameElements(key: Buffer, type: string, ask: AskSide): Promise<boolean> {
  const reader = READERS[type];
  if (reader === undefined) return false;
  for (const command of reader.commands) {
    const [here, there] = await Promise.all([ask('source', command(key)), ask('target', command(key))]);
    if (!isDeepStrictEqual(canonical(here, reader.width), canonical(there, reader.width))) return false;
  }
  return true;
}

interface Reader {
  readonly commands: readonly ((key: Buffer) => readonly Argument[])[];
  /** Replies for each element where their order says nothing; null where it does. */
  readonly width: number | null;
}

const READERS: Readonly<Record<string, Reader>> = {
  hash: { commands: [argv.hashGetAll], width: 2 },
  set: { commands: [argv.setMembers], width: 1 },
  string: { commands: [argv.get], width: null },
  list: { commands: [argv.listRange], width: null },
  zset: { commands: [argv.sortedSetRange], width: null },
  stream: { commands: [argv.streamRange, argv.streamGroups], width: null },
};

interface Value {
  readonly type: string;
  readonly dump: Buffer;
  /** PTTL; -1 where it never expires. */
  readonly expiryMs: number;
}

export type Side = 'source' | 'target';

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

/** As text; elements without an order, each `width` replies long, in a canonical one. */
function canonical(reply: Reply | undefined, width: number | null): readonly string[] {
  const parts = (Array.isArray(reply) ? reply : [reply]).map(asText);
  if (width === null) return parts;
  const elements = Array.from({ length: Math.ceil(parts.length / width) }, (_, index) =>
    parts.slice(index * width, (index + 1) * width).join(':'),
  );
  return elements.sort();
}

function asText(reply: Reply | undefined): string {
  if (Buffer.isBuffer(reply)) return reply.toString('hex');
  return Array.isArray(reply) ? `[${reply.map(asText).join(' ')}]` : String(reply);
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
