/** Every key of one source moved: pass after pass, until a pass finds nothing that is not in the report already. */
import { BatchSize } from './batch-size.ts';
import { Flight } from './flight.ts';
import type { ImportContext } from './import-context.ts';
import { scannedPages, slotPages } from './listing.ts';
import { MigrateRoad } from './migrate.ts';
import { relay } from './relay.ts';

/** Enough that this program always has something to do while servers answer. */
const LANES = 8;
/** A server compares each key that is watched with all that are watched on that connection: so it is few at one time. */
const KEYS_PER_BATCH_MAX = 128;
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
    for (const key of page) if (!context.settled.has(key.toString('latin1'))) context.tally.changed.add(key);
  }
}

/** How many keys were found that are not in the report. */
async function movePass(context: ImportContext, migrate: MigrateRoad | null): Promise<number> {
  const { clock, pace, signal, settled } = context;
  const flight = new Flight('import', migrate === null ? LANES : MIGRATES_MAX, BYTES_UNDER_WAY_MAX);
  const size = new BatchSize(KEYS_PER_BATCH_MAX);
  const underWay = new Set<string>();
  let found = 0;
  const send = async (keys: readonly Buffer[]): Promise<void> => {
    await pace.admit(signal, 'begin-nothing');
    for (const key of keys) underWay.add(nameOf(key));
    // Reckoned when it begins: with so many under way the rate would be passed before the first has ended.
    if (migrate === null) pace.record(keys.length, 0);
    await flight.start(migrate === null ? size.bytesOf(keys.length) : 0, async (lane) => {
      const begun = clock.now();
      const road = {
        lane,
        isOurs: () => false,
        onRead: (count: number, bytes: number) => size.record(count, bytes),
        onCopied: () => undefined,
      };
      await (migrate === null ? relay(context, keys, road) : migrate.move(keys, road));
      if (migrate !== null) pace.record(keys.length, clock.now() - begun);
      for (const key of keys) underWay.delete(nameOf(key));
    });
  };
  try {
    for await (const page of pagesOf(context)) {
      // SCAN may name a key again while it is under way: it would meet itself at the target.
      const fresh = page.filter((key) => !underWay.has(nameOf(key)) && !settled.has(nameOf(key)));
      found += fresh.length;
      for (const group of migrate === null ? [fresh] : migrate.groupByOwner(fresh)) {
        // Cut when its turn comes, so that each batch has the size that fits then.
        for (let next = 0; next < group.length; ) {
          const batch = group.slice(next, next + (migrate === null ? size.keysWithin(pace.limits) : pace.keysPerBatch));
          next += batch.length;
          await send(batch);
        }
      }
    }
  } finally {
    await flight.landed();
  }
  return found;
}

function pagesOf(context: ImportContext): AsyncGenerator<readonly Buffer[]> {
  return context.source.isCluster ? slotPages(context) : scannedPages(context);
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
