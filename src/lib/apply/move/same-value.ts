/**
 * Do both sides of a move hold the same value under a key? Asked without DEBUG, which servers refuse by default.
 *
 * DUMP is compared first: a copy made by MIGRATE mostly has the same one. Hashes and sets may be the same and dump
 * differently, because their order in memory is no part of their value; of those the elements are compared
 * (`same-elements.ts`).
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import type { TopologyNode } from '../../model/topology.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { MoveContext, MoveJob } from './move.ts';
import { haveSameElements, type Side } from './same-elements.ts';

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
  if (
    !isAlike(here.expiryMs, there.expiryMs) &&
    !(expiry === 'or-late-copy' && isLateCopy(here.expiryMs, there.expiryMs))
  )
    return 'different';
  if (here.dump.equals(there.dump)) return 'same';
  const dumps = { source: here.dump, target: there.dump };
  const isSame = await haveSameElements(key, here.type, dumps, (side, command) =>
    ask(job, context, database, side, [command]).then(([reply = null]) => reply),
  );
  return isSame ? 'same' : 'different';
}

/** For ever is not about as long as a second. */
function isAlike(expiryMs: number, otherMs: number): boolean {
  if (expiryMs < 0 || otherMs < 0) return expiryMs === otherMs;
  return Math.abs(expiryMs - otherMs) <= EXPIRY_DIFFERENCE_MS_MAX;
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

interface Value {
  readonly type: string;
  readonly dump: Buffer;
  /** PTTL; -1 where it never expires. */
  readonly expiryMs: number;
}

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
  // It may expire between two of the answers.
  if (!Buffer.isBuffer(dump) || expiryMs === -2) return null;
  return { type: String(type), dump, expiryMs: Number(expiryMs) };
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
