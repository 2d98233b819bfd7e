/**
 * Moving slots key by key, on any server: SETSLOT and MIGRATE.
 *
 *   target  SETSLOT s IMPORTING          BEFORE the source gives keys away, or nobody would take them
 *   source  SETSLOT s MIGRATING
 *   source  GETKEYSINSLOT s, MIGRATE …   until the slot is empty
 *   target  SETSLOT s NODE target        FIRST, because its new epoch is what convinces the others: claim.ts
 *   source  SETSLOT s NODE target
 *   others  SETSLOT s NODE target
 *
 * Slots are taken in windows, whose control commands go in one round trip each. Some windows are open at a time, so
 * that the source always has keys to move while others are opened and closed. MIGRATE blocks both servers, so there
 * are never more than two under way for a source, each on a connection of its own: a server works through everything
 * that one connection has sent before it serves the next client.
 */
import { mapBounded } from '../../bounded.ts';
import { OpsError } from '../../errors.ts';
import type { NodeId } from '../../model/node.ts';
import type { TopologyNode } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { parseInfo } from '../../wire/info.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { throwIfInterrupted } from '../clock.ts';
import { refusedBy, setSlots } from '../slot-commands.ts';
import { claimFor } from './claim.ts';
import { Lanes } from './lanes.ts';
import { migrateBatch } from './migrate-batch.ts';
import type { MoveContext, MoveJob, SlotMover } from './move.ts';
import { retreat } from './retreat.ts';
import { windowsOf } from './windows.ts';

const WINDOWS_OPEN_MAX = 3;
const MIGRATES_PER_SOURCE_MAX = 2;
const KEYS_PER_LISTING_MAX = 1000;

export const keyWise: SlotMover = { kind: 'key-wise', move };

async function move(job: MoveJob, context: MoveContext): Promise<void> {
  const lanes = new Lanes('migrate', MIGRATES_PER_SOURCE_MAX);
  const bystanders = new Bystanders(job.bystanders, context);
  const link: Breaker = { failure: null };
  const claim = await claimFor(job, context);
  const windows = windowsOf(job.slots, await countKeys(job, context));
  try {
    await mapBounded(windows, WINDOWS_OPEN_MAX, async (slots) => {
      throwIfInterrupted(context.signal);
      context.report.opening(slots);
      let areOpen = false;
      try {
        await openSlots(job, context, slots);
        areOpen = true;
        for (const database of context.databases) await moveKeys(job, context, { lanes, link }, slots, database);
        await claim(slots);
        await release(job, context, slots);
      } catch (failure) {
        // The failure is what counts; where the nodes cannot be reached for this either, the next attempt sees to it.
        await retreat(job, context, slots, areOpen).catch(() => undefined);
        throw failure;
      }
      context.report.advanced?.();
      bystanders.tell(slots, job.target.id);
      context.report.closed(slots);
    });
  } finally {
    await bystanders.told();
  }
}

async function countKeys({ source, slots }: MoveJob, { cluster }: MoveContext): Promise<ReadonlyMap<number, number>> {
  const replies = await cluster.callMany(
    source.address,
    slots.map((slot) => argv.clusterCountKeysInSlot(slot)),
    { bulk: true },
  );
  return new Map(slots.map((slot, index) => [slot, Number(replies[index])]));
}

async function openSlots(
  { source, target }: MoveJob,
  { cluster }: MoveContext,
  slots: readonly number[],
): Promise<void> {
  await setSlots(
    cluster,
    target,
    slots.map((slot) => argv.clusterSetSlotImporting(slot, source.id)),
  );
  await setSlots(
    cluster,
    source,
    slots.map((slot) => argv.clusterSetSlotMigrating(slot, target.id)),
  );
}

/** A source that gives away its last slot becomes a replica at once, and says so to the commands behind. */
async function release({ source, target }: MoveJob, { cluster }: MoveContext, slots: readonly number[]): Promise<void> {
  await setSlots(
    cluster,
    source,
    slots.map((slot) => argv.clusterSetSlotNode(slot, target.id)),
    ['not-in-charge'],
  );
}

/** Lists and moves until nothing is listed: a key that is written meanwhile under an old name is listed again. */
async function moveKeys(
  job: MoveJob,
  context: MoveContext,
  { lanes, link }: Road,
  slots: readonly number[],
  database: number,
): Promise<void> {
  const window: Breaker = { failure: null };
  let filled = slots;
  while (filled.length > 0) {
    const lists = await listKeys(job, context, filled, database);
    const work = lists.map((keys) => moveList(job, context, { lanes, breakers: { window, link } }, keys, database));
    // ALL are waited for before a failure is thrown: a MIGRATE still under way would undo what is closed after it.
    await Promise.allSettled(work);
    const failure = window.failure ?? link.failure;
    if (failure !== null) throw failure;
    filled = filled.filter((_, index) => (lists[index]?.length ?? 0) > 0);
  }
}

/** Once there is a failure, no further MIGRATE is begun of the window, or of all windows that share the link. */
interface Breaker {
  failure: unknown;
}

interface Breakers {
  readonly window: Breaker;
  readonly link: Breaker;
}

function trip({ window, link }: Breakers, failure: unknown): void {
  window.failure ??= failure;
  if (breaksLink(failure)) link.failure ??= failure;
}

interface Road {
  readonly lanes: Lanes;
  readonly link: Breaker;
}

/** True where every other MIGRATE between the two nodes would fail as well, and hold up the source while it does. */
function breaksLink(failure: unknown): boolean {
  if (!(failure instanceof OpsError)) return true;
  if (failure.code !== 'FAILED') return true;
  return failure.cause instanceof ReplyError && failure.cause.kind !== 'busy-key';
}

async function listKeys(
  job: MoveJob,
  context: MoveContext,
  slots: readonly number[],
  database: number,
): Promise<readonly (readonly Buffer[])[]> {
  const commands = slots.map((slot) => argv.clusterGetKeysInSlot(slot, KEYS_PER_LISTING_MAX));
  const replies = await context.cluster.callMany(job.source.address, [...commands, argv.clusterInfo()], {
    bulk: true,
    channel: 'list',
    database,
  });
  refuseSuccessor(job, replies.at(-1));
  return replies.slice(0, -1).map((reply, index) => {
    if (reply instanceof ReplyError) throw refusedBy(job.source, reply, commands[index] ?? []);
    return (Array.isArray(reply) ? reply : []).filter((key) => Buffer.isBuffer(key));
  });
}

/**
 * A source that has failed over is a replica that lags behind: that it lists no key proves nothing, its successor takes
 * keys. It has the successor's epoch then. AFTER the listing, so that what is listed was listed by the owner.
 */
function refuseSuccessor({ source }: MoveJob, reply: unknown): void {
  const epoch = parseInfo(String(reply))['cluster_my_epoch'];
  if (epoch === undefined || Number(epoch) === source.entry.configEpoch) return;
  throw refusedBy(
    source,
    new ReplyError(`READONLY it has the epoch ${epoch}, as it had failed over`),
    argv.clusterInfo(),
  );
}

/** The keys in batches that are cut when their turn comes, so that each has the size that fits then. */
async function moveList(
  job: MoveJob,
  context: MoveContext,
  { lanes, breakers }: { readonly lanes: Lanes; readonly breakers: Breakers },
  keys: readonly Buffer[],
  database: number,
): Promise<void> {
  const isBroken = (): boolean => (breakers.window.failure ?? breakers.link.failure) !== null;
  for (let next = 0; next < keys.length && !isBroken(); ) {
    await lanes.run(async (channel) => {
      await context.pace.admit(context.signal);
      if (isBroken()) return;
      const batch = keys.slice(next, next + context.pace.keysPerBatch);
      next += batch.length;
      const begun = context.clock.now();
      await migrateBatch(job, context, { keys: batch, database, channel }).catch((failure: unknown) => {
        // BEFORE the lane is free again, or whoever waits for it would begin another.
        trip(breakers, failure);
        throw failure;
      });
      context.pace.record(batch.length, context.clock.now() - begun);
      context.report.moved(batch.length);
    });
  }
}

/**
 * The other primaries. They would learn of the new owner by gossip; telling them spares their clients a redirection
 * to the wrong node. Nobody waits for one that does not answer, and it is told no more.
 */
class Bystanders {
  readonly #context: MoveContext;
  #nodes: readonly TopologyNode[];
  readonly #underWay = new Set<Promise<void>>();

  constructor(nodes: readonly TopologyNode[], context: MoveContext) {
    this.#nodes = nodes;
    this.#context = context;
  }

  tell(slots: readonly number[], owner: NodeId): void {
    const commands = slots.map((slot) => argv.clusterSetSlotNode(slot, owner));
    for (const node of this.#nodes) {
      const telling = this.#context.cluster.callMany(node.address, commands, { bulk: true }).then(
        () => undefined,
        () => {
          this.#nodes = this.#nodes.filter((other) => other !== node);
        },
      );
      this.#underWay.add(telling);
      void telling.then(() => this.#underWay.delete(telling));
    }
  }

  async told(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
