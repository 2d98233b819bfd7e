/** The target's side of a batch: the keys of one owner are restored there, and what it already had is looked at. */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import type { Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { type Compared, compareWithTarget, sameBody } from './compare-values.ts';
import type { ImportContext, Road } from './import-context.ts';
import { bytesOf, type Item } from './read-batch.ts';
import type { Target } from './targets.ts';

/** A busy replica answers within milliseconds; one that does not is looked at again. */
const REPLICA_TIMEOUT_MS = 1000;
/** A server says nothing while it works on a value of a gigabyte. */
const WRITE_TIMEOUT_MS = 10_000;
/** What a network carries at least. */
const BYTES_PER_MS_MIN = 1000;

/** What has become of a key: `later` is to be tried again, `same` was there already. */
export type Fate = 'written' | 'same' | 'conflict' | 'unreadable' | 'later';

export interface Settled {
  readonly item: Item;
  readonly fate: Fate;
}

/** State of one batch over its attempts. */
export interface Attempts {
  /** Dumps that this batch has brought to the target or found there, by the key as Latin-1. */
  readonly written: Map<string, Buffer>;
  /** Those that nobody but this batch has written. */
  readonly own: Set<string>;
  /** Those that the source was told to delete, without an answer: it may have done so. */
  readonly maybeReleased: Set<string>;
  /** Those that the source does not have any more, and that were counted. */
  readonly gone: Set<string>;
  reason: OpsError | null;
  isOutOfMemory: boolean;
  races: number;
}

/** Throws FAILED where the owner refuses for good. */
export async function restoreBatch(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  road: Road,
  attempts: Attempts,
): Promise<readonly Settled[]> {
  const { cluster, settings } = context;
  const commands = items.map(({ key, payload, expiryMs }) =>
    payload === null
      ? argv.unlink([key])
      : argv.restore(key, payload, { expiryMs, replace: settings.replace || road.isOurs(key) }),
  );
  const sent = target.hasReplica ? [...commands, argv.wait(1, REPLICA_TIMEOUT_MS)] : commands;
  let replies: readonly (Reply | ReplyError)[];
  try {
    replies = await cluster.callMany(target.node.address, sent, {
      bulk: true,
      channel: road.lane,
      timeoutMs: WRITE_TIMEOUT_MS + bytesOf(items) / BYTES_PER_MS_MIN,
    });
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'UNREACHABLE') throw cause;
    attempts.reason = cause;
    context.tally.begin();
    return items.map((item) => ({ item, fate: 'later' }));
  }
  if (replies.slice(0, items.length).some((reply) => !(reply instanceof ReplyError))) context.tally.begin();
  attempts.isOutOfMemory = false;
  const settled: Settled[] = [];
  const busy: Item[] = [];
  for (const [index, item] of items.entries()) {
    const reply = replies[index];
    if (!(reply instanceof ReplyError)) settled.push({ item, fate: 'written' });
    else if (reply.kind === 'busy-key') busy.push(item);
    else settled.push({ item, fate: fateOf(target, reply, attempts) });
  }
  const isSafe = !target.hasReplica || Number(replies[items.length]) >= 1;
  if (busy.length > 0) settled.push(...(await settleBusy(context, target, busy, road, attempts)));
  if (isSafe) return settled;
  attempts.reason = new OpsError(
    'FAILED',
    `No replica of ${formatAddress(target.node.address)} has confirmed the keys.`,
    {
      suggestions: ['Look at its replicas with `cluster check`.'],
    },
  );
  return settled.map(({ item, fate }) => ({ item, fate: fate === 'written' || fate === 'same' ? 'later' : fate }));
}

/** Throws FAILED for a refusal that will not pass. */
function fateOf(target: Target, reply: ReplyError, attempts: Attempts): Fate {
  if (reply.kind === 'unreadable') return 'unreadable';
  const where = formatAddress(target.node.address);
  const failure = new OpsError('FAILED', `${where} does not take keys: ${reply.message}`, {
    suggestions:
      reply.kind === 'out-of-memory'
        ? [`Give ${where} more memory (CONFIG SET maxmemory).`]
        : reply.kind === 'no-replicas'
          ? ['Look at its replicas with `cluster check`.']
          : [],
    cause: reply,
  });
  if (reply.kind === 'out-of-memory') attempts.isOutOfMemory = true;
  else if (!['passing', 'not-in-charge', 'no-replicas'].includes(reply.kind)) throw failure;
  attempts.reason = failure;
  return 'later';
}

/** The target has these keys: with the same value, with one that this run wrote, or with one of somebody else's. */
async function settleBusy(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  road: Road,
  attempts: Attempts,
): Promise<readonly Settled[]> {
  let compared: readonly Compared[];
  try {
    compared = await compareWithTarget(context, target, items, road.lane);
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'UNREACHABLE') throw cause;
    attempts.reason = cause;
    return items.map((item) => ({ item, fate: 'later' }));
  }
  const outdated: Item[] = [];
  const settled: Settled[] = [];
  for (const [index, item] of items.entries()) {
    const { state, dump } = compared[index] ?? { state: 'gone', dump: null };
    const written = attempts.written.get(item.key.toString('latin1'));
    if (state === 'same') settled.push({ item, fate: 'same' });
    else if (state === 'gone') settled.push({ item, fate: 'later' });
    else if (written && dump && sameBody(written, dump)) outdated.push(item);
    else settled.push({ item, fate: 'conflict' });
  }
  if (outdated.length === 0) return settled;
  return [...settled, ...(await restoreBatch(context, target, outdated, { ...road, isOurs: () => true }, attempts))];
}
