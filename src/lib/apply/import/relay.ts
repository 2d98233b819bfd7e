/**
 * One batch of keys from the source to their owners, through this program, whatever the servers say.
 *
 *   source  WATCH k1 … kn           when keys are moved
 *   source  DUMP k, PTTL k          for each
 *   owners  RESTORE k … [WAIT 1]    each owner its keys, all at the same time; WAIT where it has a replica
 *   source  MULTI, UNLINK, EXEC     those that are confirmed, ONLY if none of the batch has changed since WATCH
 *
 * So a key leaves the source only when its very value is at the target, and at a replica of it: a failover loses
 * nothing. Where EXEC does nothing, the batch is halved until the key that changes is alone.
 */
import { OpsError } from '../../errors.ts';
import { keySlot } from '../../model/key-slot.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { throwIfInterrupted } from '../clock.ts';
import { sameBody, throwIfForbidden } from './compare-values.ts';
import type { ImportContext, Road } from './import-context.ts';
import { bytesOf, type Item, readBatch, release } from './read-batch.ts';
import { type Attempts, type Fate, restoreBatch, type Settled } from './restore-batch.ts';
import { withSource } from './source-life.ts';
import type { Target } from './targets.ts';

const RETRY_PAUSE_MS = 200;
/** A server out of memory may evict, or be given more; it is not waited for as long as a failover. */
const MEMORY_PATIENCE_MS = 10_000;
/** A key that changes each time in so many attempts is named in the report. */
const RACES_MAX = 30;

/**
 * Returns when each of the keys is at its owner, gone, or in the report. Those of `maybeMoved` that the source does not
 * hold any more count as imported: it was told to send them, and did not answer. Throws FAILED or UNREACHABLE where the
 * servers did not recover within their time, INTERRUPTED when the operator stops the waiting.
 */
export function relay(
  context: ImportContext,
  keys: readonly Buffer[],
  road: Road,
  maybeMoved: readonly Buffer[] = [],
): Promise<void> {
  return relayAgain(context, keys, road, {
    written: new Map(),
    own: new Set(),
    maybeReleased: new Set(maybeMoved.map(nameOf)),
    gone: new Set(),
    reason: null,
    isOutOfMemory: false,
    races: 0,
  });
}

async function relayAgain(
  context: ImportContext,
  keys: readonly Buffer[],
  road: Road,
  attempts: Attempts,
): Promise<void> {
  const { clock, settings, signal, targets } = context;
  const begun = clock.now();
  for (let left = keys; ; ) {
    const { later, raced } = await withSource(context, () => attempt(context, left, road, attempts));
    if (raced.length > 0) await race(context, raced, road, attempts);
    if (later.length === 0) return;
    const patienceMs = attempts.isOutOfMemory ? MEMORY_PATIENCE_MS : settings.patienceMs;
    if (clock.now() - begun >= patienceMs) throw outOfPatience(attempts);
    throwIfInterrupted(signal);
    await clock.sleep(RETRY_PAUSE_MS, signal);
    await targets.refresh().catch((cause: unknown) => {
      if (!(cause instanceof OpsError)) throw cause;
      attempts.reason = cause;
    });
    left = later;
  }
}

/** Some key of these changed between its being read and its being deleted: smaller batches, down to that key alone. */
async function race(context: ImportContext, raced: readonly Buffer[], road: Road, attempts: Attempts): Promise<void> {
  const again = { ...attempts, reason: null, isOutOfMemory: false };
  const [key] = raced;
  if (raced.length > 1) {
    const half = Math.ceil(raced.length / 2);
    await relayAgain(context, raced.slice(0, half), road, again);
    return relayAgain(context, raced.slice(half), road, again);
  }
  if (key === undefined) return;
  if (attempts.races < RACES_MAX) return relayAgain(context, raced, road, { ...again, races: attempts.races + 1 });
  await withSource(context, () => takeBack(context, key, road, attempts));
  context.tally.changed.add(key);
  context.settled.add(key.toString('latin1'));
}

async function attempt(
  context: ImportContext,
  keys: readonly Buffer[],
  road: Road,
  attempts: Attempts,
): Promise<{ readonly later: readonly Buffer[]; readonly raced: readonly Buffer[] }> {
  const items = await readBatch(context, keys, road);
  road.onRead(keys.length, bytesOf(items));
  await settleGone(context, keys, items, road, attempts);
  const { groups, homeless } = groupByOwner(context, items);
  if (homeless.length > 0) attempts.reason ??= nobodyServes(homeless);
  const settled = (
    await Promise.all([...groups].map(([target, own]) => restoreBatch(context, target, own, road, attempts)))
  ).flat();
  const arrived = settled.filter(({ fate }) => fate === 'written' || fate === 'same');
  const later = [...homeless, ...settled.filter(({ fate }) => fate === 'later').map(({ item }) => item)];
  const isDone = context.settings.copy || (await letGo(context, arrived, road, attempts));
  for (const { item, fate } of settled) report(context, item, fate);
  if (isDone) {
    count(context, arrived, road, attempts);
    road.onCopied(arrived.map(({ item }) => item.key));
  } else remember(arrived, attempts);
  return { later: later.map(({ key }) => key), raced: isDone ? [] : arrived.map(({ item }) => item.key) };
}

/** True where they have left the source. */
async function letGo(
  context: ImportContext,
  arrived: readonly Settled[],
  road: Road,
  attempts: Attempts,
): Promise<boolean> {
  const items = arrived.map(({ item }) => item);
  try {
    return await release(context, items, road);
  } catch (cause) {
    remember(arrived, attempts);
    for (const { key } of items) attempts.maybeReleased.add(nameOf(key));
    throw cause;
  }
}

/** The target has them and the source, too, perhaps: the next attempt must know its own. */
function remember(arrived: readonly Settled[], { written, own }: Attempts): void {
  for (const { item, fate } of arrived) {
    if (item.payload === null) continue;
    written.set(nameOf(item.key), item.payload);
    if (fate === 'written') own.add(nameOf(item.key));
  }
}

/**
 * Keys that the source does not have: released by an earlier attempt whose answer was lost, or deleted by somebody since
 * that attempt, and then they are deleted at the target as well.
 */
async function settleGone(
  context: ImportContext,
  keys: readonly Buffer[],
  items: readonly Item[],
  road: Road,
  attempts: Attempts,
): Promise<void> {
  const there = new Set(items.map(({ key }) => key));
  for (const key of keys) {
    const name = nameOf(key);
    if (there.has(key) || attempts.gone.has(name)) continue;
    attempts.gone.add(name);
    if (attempts.maybeReleased.has(name)) context.tally.imported(1, attempts.written.get(name)?.length ?? 0);
    else {
      if (attempts.own.has(name)) await takeBack(context, key, road, attempts);
      context.tally.gone(1);
    }
  }
}

/** The keys of each owner, and those whose slot nobody serves now. */
function groupByOwner(
  { targets }: ImportContext,
  items: readonly Item[],
): { readonly groups: ReadonlyMap<Target, readonly Item[]>; readonly homeless: readonly Item[] } {
  const groups = new Map<Target, Item[]>();
  const homeless: Item[] = [];
  for (const item of items) {
    const owner = targets.ownerOf(keySlot(item.key));
    const group = owner === null ? homeless : groups.get(owner);
    if (group) group.push(item);
    else if (owner !== null) groups.set(owner, [item]);
  }
  return { groups, homeless };
}

/**
 * What this batch wrote of a key that cannot be moved while it changes goes again, unless somebody else changes it too: it
 * goes only while it is what was looked at (WATCH).
 */
async function takeBack(
  { cluster, targets }: ImportContext,
  key: Buffer,
  { lane }: Road,
  { own, written }: Attempts,
): Promise<void> {
  const target = targets.ownerOf(keySlot(key));
  const payload = written.get(nameOf(key));
  if (target === null || payload === undefined || !own.has(nameOf(key))) return;
  const { address } = target.node;
  const ask = async (
    commands: readonly (readonly Argument[])[],
    continues: boolean,
  ): Promise<readonly (Reply | ReplyError)[]> => {
    const replies = await cluster.callMany(address, commands, { bulk: true, channel: lane, continues });
    for (const reply of replies) throwIfForbidden(address, reply);
    return replies;
  };
  const [, dump] = await ask([argv.watch([key]), argv.dump(key)], false);
  const isOurs = Buffer.isBuffer(dump) && sameBody(dump, payload);
  const replies = await ask(isOurs ? [argv.multi(), argv.unlink([key]), argv.exec()] : [argv.unwatch()], true);
  // Out of memory it takes nothing within MULTI, not even what deletes, and no client's writes meanwhile.
  if (replies.some((reply) => reply instanceof ReplyError && reply.kind === 'out-of-memory'))
    await ask([argv.unlink([key])], true);
}

function report({ tally, settled }: ImportContext, { key }: Item, fate: Fate): void {
  if (fate !== 'conflict' && fate !== 'unreadable') return;
  (fate === 'conflict' ? tally.conflicts : tally.unreadable).add(key);
  settled.add(nameOf(key));
}

/**
 * Keys that an earlier attempt of this batch may have written count as imported, not as there already. Those that are
 * copied once more because they have changed were counted before.
 */
function count({ tally }: ImportContext, arrived: readonly Settled[], road: Road, { reason, written }: Attempts): void {
  let [keys, bytes, same] = [0, 0, 0];
  for (const { item, fate } of arrived) {
    if (road.isOurs(item.key)) continue;
    if (fate === 'same' && reason === null && !written.has(nameOf(item.key))) same += 1;
    else {
      keys += 1;
      bytes += item.payload?.length ?? 0;
    }
  }
  if (keys > 0) tally.imported(keys, bytes);
  if (same > 0) tally.alreadyThere(same);
}

function nobodyServes(items: readonly Item[]): OpsError {
  const slot = items[0] === undefined ? 0 : keySlot(items[0].key);
  return new OpsError('FAILED', `No reachable primary of the target cluster serves slot ${slot}.`, {
    suggestions: ['See what is wrong with `cluster check`.'],
  });
}

function outOfPatience({ reason }: Attempts): OpsError {
  return reason ?? new OpsError('TIMEOUT', 'The target cluster did not take the keys in time.');
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
