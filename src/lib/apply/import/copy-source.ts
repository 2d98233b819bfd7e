/**
 * Every key of one source copied, while its clients go on. The source tells which keys change from BEFORE the first key
 * is read; these are copied again, round after round, until a round finds none: then the target has whatever was
 * acknowledged before.
 */
import { throwIfInterrupted } from '../clock.ts';
import { Fingerprints } from './fingerprints.ts';
import { Flight } from './flight.ts';
import type { ImportContext } from './import-context.ts';
import { cutBatches, type ListedKey, scannedPages } from './listing.ts';
import { relay } from './relay.ts';

const LANES = 8;
const KEYS_PER_BATCH_MAX = 128;
const BYTES_PER_BATCH_MAX = 1024 * 1024;
const BYTES_UNDER_WAY_MAX = 64 * 1024 * 1024;
const ROUNDS_MAX = 20;
/** Where a key has changed its size is not asked for again. */
const CHANGED_KEY_BYTES_ASSUMED = 16 * 1024;

/** Throws as `relay` does, and UNREACHABLE where the source's news was lost. What still changes after the last round is in the report. */
export async function copySource(context: ImportContext): Promise<void> {
  const { source, address, tally } = context;
  const feed = await source.cluster.trackChanges(address);
  const copied = new Fingerprints();
  const copy = (pages: AsyncIterable<readonly ListedKey[]>): Promise<void> => copyPages(context, pages, copied);
  try {
    await copy(unseen(scannedPages(context), copied));
    if (feed === null) return tally.unwatched();
    for (let round = 1; ; round++) {
      await feed.catchUp();
      const changed = feed.take().filter((key) => !context.settled.has(key.toString('latin1')));
      if (changed.length === 0 || round > ROUNDS_MAX) {
        for (const key of changed) tally.changed.add(key);
        break;
      }
      await copy(onePage(changed));
    }
    if (feed.isBlind) tally.unwatched();
  } finally {
    feed?.close();
  }
}

/** SCAN may name a key again. */
async function* unseen(
  pages: AsyncIterable<readonly ListedKey[]>,
  copied: Fingerprints,
): AsyncGenerator<readonly ListedKey[]> {
  for await (const page of pages) yield page.filter(({ key }) => !copied.has(key));
}

async function* onePage(keys: readonly Buffer[]): AsyncGenerator<readonly ListedKey[]> {
  yield keys.map((key) => ({ key, bytes: CHANGED_KEY_BYTES_ASSUMED }));
}

async function copyPages(
  context: ImportContext,
  pages: AsyncIterable<readonly ListedKey[]>,
  copied: Fingerprints,
): Promise<void> {
  const { clock, pace, signal } = context;
  const flight = new Flight('import', LANES, BYTES_UNDER_WAY_MAX);
  const road = {
    isOurs: (key: Buffer) => copied.has(key),
    onCopied: (keys: readonly Buffer[]) => {
      for (const key of keys) copied.add(key);
    },
  };
  try {
    for await (const page of pages) {
      for (const batch of cutBatches(page, KEYS_PER_BATCH_MAX, BYTES_PER_BATCH_MAX)) {
        throwIfInterrupted(signal);
        await pace.admit(signal);
        await flight.start(batch.bytes, async (lane) => {
          const begun = clock.now();
          await relay(context, batch.keys, batch.bytes, { lane, ...road });
          pace.record(batch.keys.length, clock.now() - begun);
        });
      }
    }
  } finally {
    await flight.landed();
  }
}
