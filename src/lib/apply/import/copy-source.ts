/**
 * Every key of one source copied, while its clients go on. The source tells which keys change from BEFORE the first key
 * is read; these are copied again, round after round, until a round finds none: then the target has whatever was
 * acknowledged before.
 */
import { BatchSize } from './batch-size.ts';
import { Fingerprints } from './fingerprints.ts';
import { Flight } from './flight.ts';
import type { ImportContext } from './import-context.ts';
import { scannedPages } from './listing.ts';
import { relay } from './relay.ts';
import { withSource } from './source-life.ts';

const LANES = 8;
const KEYS_PER_BATCH_MAX = 512;
const BYTES_UNDER_WAY_MAX = 64 * 1024 * 1024;
const ROUNDS_MAX = 20;

/** Throws as `relay` does, and UNREACHABLE where the source's news was lost. What still changes after the last round is in the report. */
export async function copySource(context: ImportContext): Promise<void> {
  const { source, address, tally } = context;
  const feed = await withSource(context, () => source.cluster.trackChanges(address));
  const copied = new Fingerprints();
  const copy = (pages: AsyncIterable<readonly Buffer[]>): Promise<void> => copyPages(context, pages, copied);
  try {
    // SCAN may name a key again: it is copied again, because what looks like it may be another one.
    await copy(scannedPages(context));
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
    if (feed.isBlind) tally.lostTrack();
  } finally {
    feed?.close();
  }
}

async function* onePage(keys: readonly Buffer[]): AsyncGenerator<readonly Buffer[]> {
  yield keys;
}

async function copyPages(
  context: ImportContext,
  pages: AsyncIterable<readonly Buffer[]>,
  copied: Fingerprints,
): Promise<void> {
  const { pace, signal } = context;
  const flight = new Flight('import', LANES, BYTES_UNDER_WAY_MAX);
  const size = new BatchSize(KEYS_PER_BATCH_MAX);
  const road = {
    onRead: (count: number, bytes: number) => size.record(count, bytes),
    isOurs: (key: Buffer) => copied.has(key),
    onCopied: (keys: readonly Buffer[]) => {
      for (const key of keys) copied.add(key);
    },
  };
  try {
    for await (const page of pages) {
      for (let next = 0; next < page.length; ) {
        await pace.admit(signal, 'begin-nothing');
        const keys = page.slice(next, next + size.keysWithin(pace.limits));
        next += keys.length;
        // Reckoned when it begins: with so many under way the rate would be passed before the first has ended.
        pace.record(keys.length, 0);
        await flight.start(size.bytesOf(keys.length), (lane) => relay(context, keys, { lane, ...road }));
      }
    }
  } finally {
    await flight.landed();
  }
}
