/** Every key of one source moved: pass after pass, until a pass finds nothing that is not in the report already. */
import { throwIfInterrupted } from '../clock.ts';
import { Flight } from './flight.ts';
import type { Batch, ImportContext } from './import-context.ts';
import { cutBatches, type ListedKey, scannedPages, slotPages } from './listing.ts';
import { MigrateRoad } from './migrate.ts';
import { relay } from './relay.ts';

/** Enough that this program always has something to do while servers answer. */
const LANES = 8;
/** A server compares each key that is watched with all that are watched already: so it is few at one time. */
const KEYS_PER_BATCH_MAX = 128;
const BYTES_PER_BATCH_MAX = 1024 * 1024;
const BYTES_UNDER_WAY_MAX = 64 * 1024 * 1024;
/** MIGRATE holds up the source, so there are few at one time: one is worked on while the other is on its way. */
const MIGRATES_MAX = 2;
/** While clients go on to write new keys to the source there is always another one. */
const PASSES_MAX = 10;

/** Throws as `relay` does. What is still found after the last pass is in the report. */
export async function moveSource(context: ImportContext): Promise<void> {
  const migrate = context.settings.engine === 'migrate' ? new MigrateRoad(context) : null;
  for (let pass = 1; pass <= PASSES_MAX; pass++) {
    const found = await movePass(context, migrate);
    if (found === 0) return;
  }
  for await (const page of pagesOf(context)) {
    for (const { key } of page) if (!context.settled.has(key.toString('latin1'))) context.tally.changed.add(key);
  }
}

/** How many keys were found that are not in the report. */
async function movePass(context: ImportContext, migrate: MigrateRoad | null): Promise<number> {
  const flight = new Flight('import', migrate === null ? LANES : MIGRATES_MAX, BYTES_UNDER_WAY_MAX);
  const underWay = new Set<string>();
  let found = 0;
  const nameOf = (key: Buffer): string => key.toString('latin1');
  const send = async (batch: Batch): Promise<void> => {
    throwIfInterrupted(context.signal);
    await context.pace.admit(context.signal);
    for (const key of batch.keys) underWay.add(nameOf(key));
    await flight.start(batch.bytes, async (lane) => {
      const begun = context.clock.now();
      await (migrate === null
        ? relay(context, batch.keys, batch.bytes, { lane, isOurs: () => false, onCopied: () => undefined })
        : migrate.move(batch, lane));
      context.pace.record(batch.keys.length, context.clock.now() - begun);
      for (const key of batch.keys) underWay.delete(nameOf(key));
    });
  };
  try {
    for await (const page of pagesOf(context)) {
      // SCAN may name a key again while it is under way: it would meet itself at the target.
      const fresh = page.filter(({ key }) => !underWay.has(nameOf(key)) && !context.settled.has(nameOf(key)));
      found += fresh.length;
      for (const batch of batchesOf(context, migrate, fresh)) await send(batch);
    }
  } finally {
    await flight.landed();
  }
  return found;
}

function pagesOf(context: ImportContext): AsyncGenerator<readonly ListedKey[]> {
  return context.source.isCluster ? slotPages(context) : scannedPages(context);
}

/** Cut when their turn comes, so that each batch of MIGRATE has the size that fits then. */
function* batchesOf(context: ImportContext, migrate: MigrateRoad | null, page: readonly ListedKey[]): Generator<Batch> {
  if (migrate === null) {
    yield* cutBatches(page, KEYS_PER_BATCH_MAX, BYTES_PER_BATCH_MAX);
    return;
  }
  for (const group of migrate.groupByOwner(page)) {
    for (let next = 0; next < group.length; ) {
      const [batch] = cutBatches(
        group.slice(next, next + context.pace.keysPerBatch),
        context.pace.keysPerBatch,
        BYTES_PER_BATCH_MAX,
      );
      if (batch === undefined) break;
      next += batch.keys.length;
      yield batch;
    }
  }
}
