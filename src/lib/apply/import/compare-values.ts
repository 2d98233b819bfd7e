/** Does the target hold the value that was read from the source? Asked only of keys that the target has already. */
import { OpsError } from '../../errors.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { haveSameElements } from '../move/same-value.ts';
import type { ImportContext } from './import-context.ts';
import type { Item } from './read-batch.ts';
import type { Target } from './targets.ts';

/** Expiry travels as the time that is left, so the copy's differs by the time of the transfer. */
const EXPIRY_DIFFERENCE_MS_MAX = 2000;
/** A dump ends with two bytes of format version and eight of checksum, which differ between servers. Source: `createDumpPayload`. */
const DUMP_FOOTER_LENGTH = 10;

export interface Compared {
  /** `gone`: the target does not hold it any more, or cannot say. */
  readonly state: 'same' | 'different' | 'gone';
  /** What the target holds; null where it is gone. */
  readonly dump: Buffer | null;
}

/** In the order of the items. A target that does not answer counts as `gone`. Throws UNREACHABLE where the source does not. */
export async function compareWithTarget(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  lane: string,
): Promise<readonly Compared[]> {
  const commands = items.flatMap(({ key }) => [argv.type(key), argv.dump(key), argv.expiry(key)]);
  const replies = await askTarget(context, target, commands, lane);
  const compared: Compared[] = [];
  for (const [index, item] of items.entries()) {
    const [type, dump, remainingMs] = (replies ?? []).slice(3 * index, 3 * index + 3);
    if (!Buffer.isBuffer(dump) || item.payload === null) compared.push(GONE);
    else if (!isSameExpiry(item.expiryMs, Number(remainingMs))) compared.push({ state: 'different', dump });
    else if (sameBody(item.payload, dump)) compared.push({ state: 'same', dump });
    else compared.push(await compareElements(context, target, item.key, { type: String(type), dump }, lane));
  }
  return compared;
}

const GONE: Compared = { state: 'gone', dump: null };

/** Null where it does not answer: the source's connection must not be taken for broken with it, for it watches keys. */
async function askTarget(
  { cluster }: ImportContext,
  target: Target,
  commands: readonly (readonly Argument[])[],
  lane: string,
): Promise<readonly (Reply | ReplyError)[] | null> {
  try {
    return await cluster.callMany(target.node.address, commands, { bulk: true, channel: lane });
  } catch (cause) {
    if (cause instanceof OpsError && cause.code === 'UNREACHABLE') return null;
    throw cause;
  }
}

/** The same value in the same encoding, whatever the versions of the servers. */
export function sameBody(left: Buffer, right: Buffer): boolean {
  return left.subarray(0, -DUMP_FOOTER_LENGTH).equals(right.subarray(0, -DUMP_FOOTER_LENGTH));
}

/** `expiryMs` is 0 where the key never expires, `remainingMs` -1. */
function isSameExpiry(expiryMs: number, remainingMs: number): boolean {
  if (expiryMs === 0 || remainingMs < 0) return expiryMs === 0 && remainingMs === -1;
  return Math.abs(expiryMs - remainingMs) <= EXPIRY_DIFFERENCE_MS_MAX;
}

/** Both sides must have the type, or one of them answers with an error. */
async function compareElements(
  context: ImportContext,
  target: Target,
  key: Buffer,
  { type, dump }: { readonly type: string; readonly dump: Buffer },
  lane: string,
): Promise<Compared> {
  const { source, address } = context;
  const options = { bulk: true, channel: lane, database: source.database };
  let isLost = false;
  const ask = async (side: 'source' | 'target', command: readonly Argument[]): Promise<Reply> => {
    const replies =
      side === 'source'
        ? await source.cluster.callMany(address, [command], options)
        : await askTarget(context, target, [command], lane);
    if (replies === null) isLost = true;
    const [reply = null] = replies ?? [];
    return reply instanceof ReplyError ? reply.message : reply;
  };
  const isSame = await haveSameElements(key, type, ask);
  if (isLost) return GONE;
  return { state: isSame ? 'same' : 'different', dump };
}
