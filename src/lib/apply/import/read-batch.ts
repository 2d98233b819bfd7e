/** The source's side of a batch: reading its keys, and letting go of those that have arrived. */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { ImportContext, Road } from './import-context.ts';

/** A value of a gigabyte may be among those that are read, and the server says nothing while it gets that ready. */
export const READ_TIMEOUT_MS = 30_000;

/** A key as it was read. */
export interface Item {
  readonly key: Buffer;
  /** Null where the source does not hold it any more and the copy of this run is to go as well. */
  readonly payload: Buffer | null;
  /** What is left, in milliseconds; 0 is for ever. */
  readonly expiryMs: number;
}

/**
 * The keys that are there, with their values; when they are moved they are watched from then on. A key that is not in
 * the result is gone. Throws FAILED where the source refuses, UNREACHABLE where it does not answer.
 */
export async function readBatch(context: ImportContext, keys: readonly Buffer[], road: Road): Promise<readonly Item[]> {
  const { settings } = context;
  const commands = keys.flatMap((key) => [argv.dump(key), argv.expiry(key)]);
  const watch = settings.copy ? [] : [argv.watch(keys)];
  const replies = (await askSource(context, [...watch, ...commands], road)).slice(watch.length);
  const items: Item[] = [];
  for (const [index, key] of keys.entries()) {
    const [payload, remainingMs] = [replies[2 * index], replies[2 * index + 1]];
    const isGone = !Buffer.isBuffer(payload) || remainingMs === -2;
    if (!isGone) items.push({ key, payload, expiryMs: remainingMs === -1 ? 0 : Math.max(1, Number(remainingMs)) });
    else if (settings.copy && road.isOurs(key)) items.push({ key, payload: null, expiryMs: 0 });
  }
  return items;
}

/** The keys leave the source, unless one that is watched has changed: then false, and none does. Throws as {@link readBatch}. */
export async function release(context: ImportContext, items: readonly Item[], road: Road): Promise<boolean> {
  if (items.length === 0) {
    await askSource(context, [argv.unwatch()], road);
    return true;
  }
  const keys = items.map(({ key }) => key);
  try {
    const replies = await askSource(context, [argv.multi(), argv.unlink(keys), argv.exec()], road, true);
    return replies[2] !== null;
  } catch (cause) {
    if (!isOutOfMemory(cause)) throw cause;
    return await releaseUnwatched(context, items, road, cause);
  }
}

/**
 * A server that is over its memory takes no command within MULTI, not even one that deletes, but it takes a script that does
 * (Redis 7.0.15, 8.6.3, Valkey 9.1.2). The refusal has ended the watching, so the script looks at the values itself. An expiry
 * that differs by more than the time of a batch was changed.
 */
export const RELEASE_SCRIPT = `
for i = 1, #KEYS do
  local ttl, read = redis.call('PTTL', KEYS[i]), tonumber(ARGV[#KEYS + i])
  if redis.call('DUMP', KEYS[i]) ~= ARGV[i] or (ttl < 0) ~= (read == 0) then return 0 end
  if read > 0 and math.abs(read - ttl) > 2000 then return 0 end
end
return redis.call('UNLINK', unpack(KEYS))`;

async function releaseUnwatched(
  context: ImportContext,
  items: readonly Item[],
  road: Road,
  refusal: unknown,
): Promise<boolean> {
  const values = items.map(({ payload }) => payload ?? '');
  const expiries = items.map(({ expiryMs }) => `${expiryMs}`);
  const keys = items.map(({ key }) => key);
  const script = argv.evaluate(RELEASE_SCRIPT, keys, [...values, ...expiries]);
  const [released] = await askSource(context, [script], road).catch((cause: unknown) => {
    // Where no script may be run, what the operator is to know is that the memory does not suffice.
    throw cause instanceof OpsError && cause.cause instanceof ReplyError ? refusal : cause;
  });
  return released !== 0;
}

function isOutOfMemory(cause: unknown): boolean {
  return cause instanceof OpsError && cause.cause instanceof ReplyError && cause.cause.kind === 'out-of-memory';
}

/** What the values take. */
export function bytesOf(items: readonly Item[]): number {
  return items.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0);
}

/** Throws FAILED where the source refuses one of the commands, UNREACHABLE where it does not answer. */
async function askSource(
  { source, address }: ImportContext,
  commands: readonly (readonly Argument[])[],
  { lane }: Road,
  continues = false,
): Promise<readonly Reply[]> {
  const replies = await source.cluster.callMany(address, commands, {
    bulk: true,
    channel: lane,
    database: source.database,
    timeoutMs: READ_TIMEOUT_MS,
    continues,
  });
  const refusal = replies.find((reply) => reply instanceof ReplyError);
  if (refusal instanceof ReplyError)
    throw new OpsError('FAILED', `The source ${formatAddress(address)} refused a command: ${refusal.message}`, {
      suggestions: wayOut(refusal),
      cause: refusal,
    });
  return replies as readonly Reply[];
}

function wayOut({ kind, message }: ReplyError): readonly string[] {
  if (kind === 'out-of-memory')
    return ['Give it more memory (CONFIG SET maxmemory), or log in there as a user who may run scripts (EVAL).'];
  return /^READONLY /.test(message) ? ['It is a replica now: name its primary with --from, or add --copy.'] : [];
}
