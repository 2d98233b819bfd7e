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
import { formatAddress } from '../../model/address.ts';
import { keySlot } from '../../model/key-slot.ts';
import type { Argument, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { throwIfInterrupted } from '../clock.ts';
import { compareWithTarget, sameBody } from './compare-values.ts';
import type { ImportContext } from './import-context.ts';
import type { Target } from './targets.ts';

/** A busy replica answers within milliseconds; one that does not is looked at again. */
const REPLICA_TIMEOUT_MS = 1000;
const RETRY_PAUSE_MS = 200;
/** A server out of memory may evict, or be given more; it is not waited for as long as a failover. */
const MEMORY_PATIENCE_MS = 10_000;
/** A key that changes each time in so many attempts is named in the report. */
const RACES_MAX = 30;
/** What a network carries at least, for the time a batch may take. */
const BYTES_PER_MS_MIN = 1000;
const CALL_TIMEOUT_MS = 10_000;

/** A key as it was read. */
export interface Item {
  readonly key: Buffer;
  /** Null where the source does not hold it any more and the copy of this run is to go as well. */
  readonly payload: Buffer | null;
  /** What is left, in milliseconds; 0 is for ever. */
  readonly expiryMs: number;
}

export interface Road {
  /** The channel to use on either side; nobody else uses it meanwhile. */
  readonly lane: string;
  /** True for keys that this run itself has brought to the target: they are overwritten by the source's newer value. */
  readonly isOurs: (key: Buffer) => boolean;
  /** Told of keys that are at the target now. */
  readonly onCopied: (keys: readonly Buffer[]) => void;
}

/** What has become of a key: `later` is to be tried again, `same` was there already. */
type Fate = 'written' | 'same' | 'conflict' | 'unreadable' | 'later';

interface Settled {
  readonly item: Item;
  readonly fate: Fate;
}

/** State of one batch over its attempts. */
interface Attempts {
  /** Dumps that this batch itself has written, by the key as Latin-1. */
  readonly written: Map<string, Buffer>;
  reason: OpsError | null;
  isOutOfMemory: boolean;
  races: number;
}

/**
 * Returns when each of the keys is at its owner, gone, or in the report. Throws FAILED or UNREACHABLE where the servers
 * did not recover within their time, INTERRUPTED when the operator stops the waiting. `bytes`: what the keys take.
 */
export function relay(context: ImportContext, keys: readonly Buffer[], bytes: number, road: Road): Promise<void> {
  return relayAgain(context, keys, bytes, road, {
    written: new Map(),
    reason: null,
    isOutOfMemory: false,
    races: 0,
  });
}

async function relayAgain(
  context: ImportContext,
  keys: readonly Buffer[],
  bytes: number,
  road: Road,
  attempts: Attempts,
): Promise<void> {
  const { clock, settings, signal, targets } = context;
  const begun = clock.now();
  for (let left = keys; ; ) {
    const { later, raced } = await attempt(context, left, bytes, road, attempts);
    if (raced.length > 0) await race(context, raced, bytes, road, attempts);
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
async function race(
  context: ImportContext,
  raced: readonly Buffer[],
  bytes: number,
  road: Road,
  attempts: Attempts,
): Promise<void> {
  const again = { ...attempts, reason: null, isOutOfMemory: false };
  const [key] = raced;
  if (raced.length > 1) {
    const half = Math.ceil(raced.length / 2);
    await relayAgain(context, raced.slice(0, half), bytes, road, again);
    return relayAgain(context, raced.slice(half), bytes, road, again);
  }
  if (key === undefined) return;
  if (attempts.races < RACES_MAX)
    return relayAgain(context, raced, bytes, road, { ...again, races: attempts.races + 1 });
  await takeBack(context, key, road, attempts);
  context.tally.changed.add(key);
  context.settled.add(key.toString('latin1'));
}

async function attempt(
  context: ImportContext,
  keys: readonly Buffer[],
  bytes: number,
  road: Road,
  attempts: Attempts,
): Promise<{ readonly later: readonly Buffer[]; readonly raced: readonly Buffer[] }> {
  const items = await read(context, keys, bytes, road);
  const groups = groupByOwner(context, items);
  const homeless = items.filter(({ key }) => context.targets.ownerOf(keySlot(key)) === null);
  if (homeless.length > 0) attempts.reason ??= nobodyServes(homeless);
  const settled = (
    await Promise.all([...groups].map(([target, own]) => write(context, target, own, bytes, road, attempts)))
  ).flat();
  for (const { item, fate } of settled) report(context, item, fate);
  const arrived = settled.filter(({ fate }) => fate === 'written' || fate === 'same');
  const later = [...homeless, ...settled.filter(({ fate }) => fate === 'later').map(({ item }) => item)];
  const isDone = context.settings.copy || (await release(context, arrived, road));
  if (isDone) {
    count(context, arrived, road, attempts);
    road.onCopied(arrived.map(({ item }) => item.key));
  } else for (const { item } of arrived) if (item.payload) attempts.written.set(nameOf(item.key), item.payload);
  return { later: later.map(({ key }) => key), raced: isDone ? [] : arrived.map(({ item }) => item.key) };
}

async function read(
  context: ImportContext,
  keys: readonly Buffer[],
  bytes: number,
  road: Road,
): Promise<readonly Item[]> {
  const { settings, tally } = context;
  const commands = keys.flatMap((key) => [argv.dump(key), argv.expiry(key)]);
  const watch = settings.copy ? [] : [argv.watch(keys)];
  const replies = (await askSource(context, [...watch, ...commands], bytes, road)).slice(watch.length);
  const items: Item[] = [];
  for (const [index, key] of keys.entries()) {
    const [payload, remainingMs] = [replies[2 * index], replies[2 * index + 1]];
    const isGone = !Buffer.isBuffer(payload) || remainingMs === -2;
    if (!isGone) items.push({ key, payload, expiryMs: remainingMs === -1 ? 0 : Math.max(1, Number(remainingMs)) });
    else if (settings.copy && road.isOurs(key)) items.push({ key, payload: null, expiryMs: 0 });
    else tally.gone(1);
  }
  return items;
}

function groupByOwner({ targets }: ImportContext, items: readonly Item[]): ReadonlyMap<Target, readonly Item[]> {
  const groups = new Map<Target, Item[]>();
  for (const item of items) {
    const owner = targets.ownerOf(keySlot(item.key));
    if (owner === null) continue;
    const group = groups.get(owner);
    if (group) group.push(item);
    else groups.set(owner, [item]);
  }
  return groups;
}

/** Throws FAILED where the owner refuses for good. */
async function write(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  bytes: number,
  road: Road,
  attempts: Attempts,
): Promise<readonly Settled[]> {
  const { cluster, settings } = context;
  const commands = items.map(({ key, payload, expiryMs }) =>
    payload === null
      ? argv.unlink([key])
      : argv.restore(key, payload, { expiryMs, replace: settings.replace || road.isOurs(key) }),
  );
  const sent = target.hasReplica ? [...commands, argv.wait(1, REPLICA_TIMEOUT_MS)] : commands;
  let replies: readonly (Reply | ReplyError)[];
  try {
    replies = await cluster.callMany(target.node.address, sent, {
      bulk: true,
      channel: road.lane,
      timeoutMs: timeFor(bytes),
    });
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'UNREACHABLE') throw cause;
    attempts.reason = cause;
    return items.map((item) => ({ item, fate: 'later' }));
  }
  attempts.isOutOfMemory = false;
  const settled: Settled[] = [];
  const busy: Item[] = [];
  for (const [index, item] of items.entries()) {
    const reply = replies[index];
    if (!(reply instanceof ReplyError)) settled.push({ item, fate: 'written' });
    else if (reply.kind === 'busy-key') busy.push(item);
    else settled.push({ item, fate: fateOf(target, reply, attempts) });
  }
  const isSafe = !target.hasReplica || Number(replies[items.length]) >= 1;
  if (busy.length > 0) settled.push(...(await settleBusy(context, target, busy, road, attempts)));
  if (isSafe) return settled;
  attempts.reason = new OpsError(
    'FAILED',
    `No replica of ${formatAddress(target.node.address)} has confirmed the keys.`,
    {
      suggestions: ['Look at its replicas with `cluster check`.'],
    },
  );
  return settled.map(({ item, fate }) => ({ item, fate: fate === 'written' || fate === 'same' ? 'later' : fate }));
}

/** Throws FAILED for a refusal that will not pass. */
function fateOf(target: Target, reply: ReplyError, attempts: Attempts): Fate {
  if (reply.kind === 'unreadable') return 'unreadable';
  const where = formatAddress(target.node.address);
  const failure = new OpsError('FAILED', `${where} does not take keys: ${reply.message}`, {
    suggestions: reply.kind === 'out-of-memory' ? [`Give ${where} more memory (CONFIG SET maxmemory).`] : [],
    cause: reply,
  });
  if (reply.kind === 'out-of-memory') attempts.isOutOfMemory = true;
  else if (!['passing', 'not-in-charge', 'no-replicas'].includes(reply.kind)) throw failure;
  attempts.reason = failure;
  return 'later';
}

/** The target has these keys: with the same value, with one that this run wrote, or with one of somebody else's. */
async function settleBusy(
  context: ImportContext,
  target: Target,
  items: readonly Item[],
  road: Road,
  attempts: Attempts,
): Promise<readonly Settled[]> {
  const compared = await compareWithTarget(context, target, items, road.lane);
  const outdated: Item[] = [];
  const settled: Settled[] = [];
  for (const [index, item] of items.entries()) {
    const { state, dump } = compared[index] ?? { state: 'gone', dump: null };
    const written = attempts.written.get(nameOf(item.key));
    if (state === 'same') settled.push({ item, fate: 'same' });
    else if (state === 'gone') settled.push({ item, fate: 'later' });
    else if (written && dump && sameBody(written, dump)) outdated.push(item);
    else settled.push({ item, fate: 'conflict' });
  }
  if (outdated.length === 0) return settled;
  return [...settled, ...(await write(context, target, outdated, 0, { ...road, isOurs: () => true }, attempts))];
}

/** The confirmed keys leave the source, unless one of the batch has changed: then false, and none does. */
async function release(context: ImportContext, arrived: readonly Settled[], road: Road): Promise<boolean> {
  const keys = arrived.map(({ item }) => item.key);
  if (keys.length === 0) {
    await askSource(context, [argv.unwatch()], 0, road);
    return true;
  }
  const replies = await askSource(context, [argv.multi(), argv.unlink(keys), argv.exec()], 0, road);
  return replies[2] !== null;
}

/** What this batch wrote of a key that cannot be moved while it changes, unless somebody else has changed that too. */
async function takeBack(context: ImportContext, key: Buffer, road: Road, attempts: Attempts): Promise<void> {
  const target = context.targets.ownerOf(keySlot(key));
  const payload = attempts.written.get(nameOf(key));
  if (target === null || payload === undefined) return;
  const [compared] = await compareWithTarget(context, target, [{ key, payload, expiryMs: 0 }], road.lane);
  if (!compared?.dump || !sameBody(compared.dump, payload)) return;
  await context.cluster.callMany(target.node.address, [argv.unlink([key])], { bulk: true, channel: road.lane });
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

/** Throws FAILED where the source refuses one of the commands, UNREACHABLE where it does not answer. */
async function askSource(
  { source, address }: ImportContext,
  commands: readonly (readonly Argument[])[],
  bytes: number,
  { lane }: Road,
): Promise<readonly Reply[]> {
  const replies = await source.cluster.callMany(address, commands, {
    bulk: true,
    channel: lane,
    database: source.database,
    timeoutMs: timeFor(bytes),
  });
  const refusal = replies.find((reply) => reply instanceof ReplyError);
  if (refusal instanceof ReplyError)
    throw new OpsError('FAILED', `The source ${formatAddress(address)} refused a command: ${refusal.message}`, {
      cause: refusal,
    });
  return replies as readonly Reply[];
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

function timeFor(bytes: number): number {
  return CALL_TIMEOUT_MS + bytes / BYTES_PER_MS_MIN;
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
