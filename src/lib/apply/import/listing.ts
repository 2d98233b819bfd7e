/** The keys of a source, page by page. */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { eachSlot } from '../../model/slot-set.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { ImportContext } from './import-context.ts';
import { READ_TIMEOUT_MS } from './read-batch.ts';
import { withSource } from './source-life.ts';

const KEYS_PER_PAGE = 1000;
/** Slots that are listed in one round trip. */
const SLOTS_PER_LISTING_MAX = 64;
const KEYS_PER_SLOT_LISTING_MAX = 1_000_000;
/**
 * SCAN goes through a table in such an order that the keys of a page have the lowest bits of their hashes in common. In
 * the small table that a server keeps of watched keys they would all be in one place, to be searched one by one: measured
 * with 1000 watched keys, that is ten times the time. So the keys of many pages are mixed.
 */
const PAGES_MIXED_MAX = 64;

/**
 * All keys, in pages as large as memory allows without a thought, in an order that says nothing. Every key that is there
 * all the time is in some page, a key may be in several. Throws UNREACHABLE or FAILED.
 */
export async function* scannedPages(context: ImportContext): AsyncGenerator<readonly Buffer[]> {
  let mixed: (readonly Buffer[])[] = [];
  for await (const page of scan(context)) {
    mixed.push(page);
    if (mixed.length < PAGES_MIXED_MAX) continue;
    yield interleaved(mixed);
    mixed = [];
  }
  yield interleaved(mixed);
}

/** The first key of each page, the second of each, and so on. */
function interleaved(pages: readonly (readonly Buffer[])[]): readonly Buffer[] {
  const longest = pages.reduce((length, page) => Math.max(length, page.length), 0);
  const keys: Buffer[] = [];
  for (let index = 0; index < longest; index++) {
    for (const page of pages) {
      const key = page[index];
      if (key !== undefined) keys.push(key);
    }
  }
  return keys;
}

/** The next page is asked for before this one is worked on. */
async function* scan(context: ImportContext): AsyncGenerator<readonly Buffer[]> {
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
export async function* slotPages(context: ImportContext): AsyncGenerator<readonly Buffer[]> {
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
    for (const list of lists) yield keysIn(list);
  }
}

async function scanPage(
  context: ImportContext,
  from: string,
): Promise<{ readonly cursor: string; readonly keys: readonly Buffer[] }> {
  const [reply] = await ask(context, [argv.scan(from, KEYS_PER_PAGE)]);
  const [cursor, list] = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
  return { cursor: String(cursor), keys: keysIn(list) };
}

function keysIn(list: Reply | undefined): readonly Buffer[] {
  return (Array.isArray(list) ? (list as readonly Reply[]) : []).filter((key) => Buffer.isBuffer(key));
}

/** Throws FAILED for the first error reply. */
function ask(context: ImportContext, commands: readonly (readonly Argument[])[]): Promise<readonly Reply[]> {
  const { source, address } = context;
  return withSource(context, async () => {
    const replies = await source.cluster.callMany(address, commands, {
      bulk: true,
      channel: 'list',
      database: source.database,
      timeoutMs: READ_TIMEOUT_MS,
    });
    return replies.map((reply) => {
      if (!(reply instanceof ReplyError)) return reply;
      const where = formatAddress(address);
      throw new OpsError('FAILED', `The source ${where} does not let its keys be listed: ${reply.message}`, {
        cause: reply,
      });
    });
  });
}
