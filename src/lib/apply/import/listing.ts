/** The keys of a source, page by page, with what each takes: enough to bound what is read at one time. */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { eachSlot } from '../../model/slot-set.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { Batch, ImportContext } from './import-context.ts';

const KEYS_PER_PAGE = 1000;
/** Slots that are listed in one round trip. */
const SLOTS_PER_LISTING_MAX = 64;
const KEYS_PER_SLOT_LISTING_MAX = 1_000_000;
/** Where a server does not say how large a key is, few are read at one time. */
const BYTES_ASSUMED = 64 * 1024;

export interface ListedKey {
  readonly key: Buffer;
  /** Of memory, as the source estimates it. */
  readonly bytes: number;
}

/**
 * Pages of SCAN; the next is asked for before this one is worked on. Every key that is there all the time is in some
 * page, a key may be in several. Throws UNREACHABLE or FAILED.
 */
export async function* scannedPages(context: ImportContext): AsyncGenerator<readonly ListedKey[]> {
  let page = scanPage(context, '0');
  for (;;) {
    const { cursor, keys } = await page;
    const isLast = cursor === '0';
    if (!isLast) page = scanPage(context, cursor);
    // Nobody may be waiting for it when the work on this page fails.
    page.catch(() => undefined);
    yield keys;
    if (isLast) return;
  }
}

/** Pages of one slot each, of a source in cluster mode. Throws UNREACHABLE or FAILED. */
export async function* slotPages(context: ImportContext): AsyncGenerator<readonly ListedKey[]> {
  const { source, address } = context;
  const { nodes } = await source.cluster.observeEach([address]);
  const slots = [...eachSlot(nodes[0]?.entry.slots ?? [])];
  const counts = await ask(
    context,
    slots.map((slot) => argv.clusterCountKeysInSlot(slot)),
  );
  const filled = slots.flatMap((slot, index) =>
    Number(counts[index]) > 0 ? [{ slot, keys: Number(counts[index]) }] : [],
  );
  for (let from = 0; from < filled.length; from += SLOTS_PER_LISTING_MAX) {
    const lists = await ask(
      context,
      filled
        .slice(from, from + SLOTS_PER_LISTING_MAX)
        .map(({ slot, keys }) => argv.clusterGetKeysInSlot(slot, Math.min(keys, KEYS_PER_SLOT_LISTING_MAX))),
    );
    for (const list of lists) yield await withSizes(context, keysIn(list));
  }
}

/** The keys in batches of at most so many keys and bytes; a larger key is a batch of its own. */
export function cutBatches(keys: readonly ListedKey[], keysMax: number, bytesMax: number): readonly Batch[] {
  const batches: Batch[] = [];
  let batch: Buffer[] = [];
  let sum = 0;
  for (const { key, bytes } of keys) {
    if (batch.length > 0 && (batch.length >= keysMax || sum + bytes > bytesMax)) {
      batches.push({ keys: batch, bytes: sum });
      batch = [];
      sum = 0;
    }
    batch.push(key);
    sum += bytes;
  }
  if (batch.length > 0) batches.push({ keys: batch, bytes: sum });
  return batches;
}

async function scanPage(
  context: ImportContext,
  from: string,
): Promise<{ readonly cursor: string; readonly keys: readonly ListedKey[] }> {
  const [reply] = await ask(context, [argv.scan(from, KEYS_PER_PAGE)]);
  const [cursor, list] = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
  return { cursor: String(cursor), keys: await withSizes(context, keysIn(list)) };
}

function keysIn(list: Reply | undefined): readonly Buffer[] {
  return (Array.isArray(list) ? (list as readonly Reply[]) : []).filter((key) => Buffer.isBuffer(key));
}

async function withSizes(context: ImportContext, keys: readonly Buffer[]): Promise<readonly ListedKey[]> {
  const sizes = await send(
    context,
    keys.map((key) => argv.memoryUsage(key)),
  );
  return keys.map((key, index) => {
    const size = sizes[index];
    return { key, bytes: typeof size === 'number' ? size : size === null ? 0 : BYTES_ASSUMED };
  });
}

/** Throws FAILED for the first error reply. */
async function ask(context: ImportContext, commands: readonly (readonly Argument[])[]): Promise<readonly Reply[]> {
  const replies = await send(context, commands);
  return replies.map((reply) => {
    if (!(reply instanceof ReplyError)) return reply;
    const where = formatAddress(context.address);
    throw new OpsError('FAILED', `The source ${where} does not let its keys be listed: ${reply.message}`, {
      cause: reply,
    });
  });
}

function send(
  { source, address }: ImportContext,
  commands: readonly (readonly Argument[])[],
): Promise<readonly (Reply | ReplyError)[]> {
  return source.cluster.callMany(address, commands, { bulk: true, channel: 'list', database: source.database });
}
