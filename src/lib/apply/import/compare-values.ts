/** Does the target hold the value that was read from the source? Asked only of keys that the target has already. */
import { OpsError } from '../../errors.ts';
import { type Address, formatAddress } from '../../model/address.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { missingRightOf, ReplyError } from '../../wire/reply-error.ts';
import { type Dumps, haveSameElements } from '../move/same-elements.ts';
import type { ImportContext } from './import-context.ts';
import { type Item, READ_TIMEOUT_MS } from './read-batch.ts';
import type { Target } from './targets.ts';

/** Expiry travels as the time that is left, so the copy's differs by the time of the transfer. */
const EXPIRY_DIFFERENCE_MS_MAX = 2000;
/** A dump ends with two bytes of format version and eight of checksum, which differ between servers. Source: `createDumpPayload`. */
const DUMP_FOOTER_LENGTH = 10;

export interface Compared {
  /** `gone`: the target does not hold it any more. */
  readonly state: 'same' | 'different' | 'gone';
  /** What the target holds; null where it is gone. */
  readonly dump: Buffer | null;
}

/**
 * In the order of the items. Throws UNREACHABLE where one of the two does not answer, FAILED where the user may not look at
 * its keys.
 */
export async function compareWithTarget(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  lane: string,
): Promise<readonly Compared[]> {
  const commands = items.flatMap(({ key }) => [argv.type(key), argv.dump(key), argv.expiry(key)]);
  const replies = await context.cluster.callMany(target.node.address, commands, {
    bulk: true,
    channel: lane,
    timeoutMs: READ_TIMEOUT_MS,
  });
  for (const reply of replies) throwIfForbidden(target.node.address, reply);
  const compared: Compared[] = [];
  for (const [index, item] of items.entries()) {
    const [type, dump, remainingMs] = replies.slice(3 * index, 3 * index + 3);
    if (!Buffer.isBuffer(dump) || item.payload === null) compared.push(GONE);
    else if (!isSameExpiry(item.expiryMs, Number(remainingMs))) compared.push({ state: 'different', dump });
    else if (sameBody(item.payload, dump)) compared.push({ state: 'same', dump });
    else
      compared.push(
        await compareElements(
          context,
          target,
          item.key,
          { type: String(type), dumps: { source: item.payload, target: dump } },
          lane,
        ),
      );
  }
  return compared;
}

const GONE: Compared = { state: 'gone', dump: null };

/** The same value in the same encoding, whatever the versions of the servers. */
export function sameBody(left: Buffer, right: Buffer): boolean {
  return left.subarray(0, -DUMP_FOOTER_LENGTH).equals(right.subarray(0, -DUMP_FOOTER_LENGTH));
}

/** `expiryMs` is 0 where the key never expires, `remainingMs` -1. */
function isSameExpiry(expiryMs: number, remainingMs: number): boolean {
  if (expiryMs === 0 || remainingMs < 0) return expiryMs === 0 && remainingMs === -1;
  return Math.abs(expiryMs - remainingMs) <= EXPIRY_DIFFERENCE_MS_MAX;
}

/**
 * Both sides must have the type, or one of them answers with an error. The source's connection watches the keys of a
 * move: asked on a NEW one, it would delete them later whether they have changed or not.
 */
async function compareElements(
  context: ImportContext,
  target: Target,
  key: Buffer,
  { type, dumps }: { readonly type: string; readonly dumps: Dumps },
  lane: string,
): Promise<Compared> {
  const { source, address, cluster, settings } = context;
  const options = { bulk: true, channel: lane, timeoutMs: READ_TIMEOUT_MS };
  const sourceOptions = { ...options, database: source.database, continues: !settings.copy };
  const ask = async (side: 'source' | 'target', command: readonly Argument[]): Promise<Reply> => {
    const [reply = null] =
      side === 'source'
        ? await source.cluster.callMany(address, [command], sourceOptions)
        : await cluster.callMany(target.node.address, [command], options);
    throwIfForbidden(side === 'source' ? address : target.node.address, reply);
    return reply instanceof ReplyError ? reply.message : reply;
  };
  const isSame = await haveSameElements(key, type, dumps, ask);
  return { state: isSame ? 'same' : 'different', dump: dumps.target };
}

/** What may not be looked at is neither gone nor different. Throws FAILED with the right that is missing. */
export function throwIfForbidden(address: Address, reply: Reply | ReplyError): void {
  if (!(reply instanceof ReplyError)) return;
  const right = missingRightOf(reply);
  if (right === null) return;
  throw new OpsError('FAILED', `${formatAddress(address)} does not show its keys to this user: ${reply.message}`, {
    suggestions: [`Give the right, with ACL SETUSER USER +${right}, and type the same command again.`],
    cause: reply,
  });
}
