/** Does the target hold the value that was read from the source? Asked only of keys that the target has already. */
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { haveSameElements } from '../move/same-value.ts';
import type { ImportContext } from './import-context.ts';
import type { Item } from './relay.ts';
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

/** In the order of the items. Throws UNREACHABLE where the target does not answer. */
export async function compareWithTarget(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  lane: string,
): Promise<readonly Compared[]> {
  const replies = await context.cluster.callMany(
    target.node.address,
    items.flatMap(({ key }) => [argv.type(key), argv.dump(key), argv.expiry(key)]),
    { bulk: true, channel: lane },
  );
  const compared: Compared[] = [];
  for (const [index, item] of items.entries()) {
    const [type, dump, remainingMs] = replies.slice(3 * index, 3 * index + 3);
    if (!Buffer.isBuffer(dump) || item.payload === null) compared.push({ state: 'gone', dump: null });
    else {
      const isSame =
        isSameExpiry(item.expiryMs, Number(remainingMs)) &&
        (sameBody(item.payload, dump) || (await sameElements(context, target, item.key, String(type), lane)));
      compared.push({ state: isSame ? 'same' : 'different', dump });
    }
  }
  return compared;
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
async function sameElements(
  { cluster, source, address }: ImportContext,
  target: Target,
  key: Buffer,
  type: string,
  lane: string,
): Promise<boolean> {
  const ask = async (side: 'source' | 'target', command: readonly Argument[]): Promise<Reply> => {
    const [reply = null] =
      side === 'source'
        ? await source.cluster.callMany(address, [command], { bulk: true, channel: lane, database: source.database })
        : await cluster.callMany(target.node.address, [command], { bulk: true, channel: lane });
    return reply instanceof ReplyError ? reply.message : reply;
  };
  return haveSameElements(key, type, ask);
}
