/**
 * Bringing keys from a node that does not own their slot to the one that does.
 *
 *   owner     SETSLOT s STABLE             while it migrates the slot it takes no key that it has not
 *   stranger  SETSLOT s NODE owner         a node that imports a slot takes no news about it, so after a failover it may
 *                                          know no owner, and answer MIGRATE with CLUSTERDOWN
 *   stranger  SETSLOT s IMPORTING owner    without a mark it would answer MIGRATE with MOVED
 *   stranger  GETKEYSINSLOT s, MIGRATE …   to the owner, which clients are sent to all the time
 *   stranger  SETSLOT s NODE owner, STABLE
 *
 * Clients are served by the owner, so its value is what they see, and what they write meanwhile they write there. That is
 * why MIGRATE is never told to REPLACE here: a key that both have is settled by itself (`settle-key.ts`), and a key that
 * a client makes between a look and the MIGRATE is refused by the owner as BUSYKEY.
 *
 * A client cannot be sent on to the stranger meanwhile. Only an owner that is MIGRATING answers ASK, and such an owner
 * answers the stranger's RESTORE with ASK too (seen in Redis 7.0.15); to make the stranger the owner for a while would
 * show its old values in the place of newer ones. Nobody could see these keys before; each is seen once it has arrived.
 */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import { eachSlot } from '../model/slot-set.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { throwIfInterrupted } from './clock.ts';
import { type Execution, nodeOf } from './execution.ts';
import { type Batch, migrateBatch } from './move/migrate-batch.ts';
import type { MoveContext, MoveJob } from './move/move.ts';
import { Pace } from './move/pace.ts';
import { databasesOf, migrateTimeoutOf } from './move/server-settings.ts';
import { settleKey } from './settle-key.ts';
import { keysIn, setSlots } from './slot-commands.ts';

export async function gatherKeys(execution: Execution, step: Extract<Step, { kind: 'gather-keys' }>): Promise<void> {
  const { cluster, conflicts } = execution;
  const [source, target] = [nodeOf(execution, step.source), nodeOf(execution, step.target)];
  const slots = [...eachSlot(step.slots)].filter((slot) => !conflicts.left.has(slot));
  await setSlots(
    cluster,
    target,
    slots.map((slot) => argv.clusterSetSlotStable(slot)),
  );
  await setSlots(
    cluster,
    source,
    slots.flatMap((slot) => [argv.clusterSetSlotNode(slot, target.id), argv.clusterSetSlotImporting(slot, target.id)]),
  );
  const databases = await databasesOf(cluster, source);
  const context: MoveContext = {
    cluster,
    clock: execution.clock,
    pace: new Pace(execution.move.limits, execution.clock),
    report: { opening: () => undefined, closed: () => undefined, returned: () => undefined, moved: () => undefined },
    signal: execution.signal,
    replace: false,
    migrateTimeoutMs: await migrateTimeoutOf(cluster, source),
    databases,
  };
  for (const slot of slots)
    for (const database of databases) await gather(execution, { source, target, slot, database }, context);
  const done = slots.filter((slot) => !conflicts.left.has(slot));
  const closing = done.flatMap((slot) => [argv.clusterSetSlotNode(slot, target.id), argv.clusterSetSlotStable(slot)]);
  await setSlots(cluster, source, closing, ['not-in-charge']);
}

interface Place {
  readonly source: TopologyNode;
  readonly target: TopologyNode;
  readonly slot: number;
  readonly database: number;
}

/** Until the node has no keys of the slot but those that are left to the operator. */
async function gather(execution: Execution, place: Place, context: MoveContext): Promise<void> {
  const { source, target, slot, database } = place;
  const job: MoveJob = { source, target, slots: [slot], bystanders: [] };
  const left = new Set<string>();
  const settle = async (keys: readonly Buffer[]): Promise<void> => {
    for (const key of keys) if (!(await settleAndMove(execution, place, context, key))) left.add(key.toString('hex'));
  };
  for (;;) {
    const keys = (await keysIn(context.cluster, source, slot, database)).filter(
      (key) => !left.has(key.toString('hex')),
    );
    if (keys.length === 0) return;
    for (let next = 0; next < keys.length; ) {
      throwIfInterrupted(execution.signal);
      await context.pace.admit(context.signal);
      const batch: Batch = { keys: keys.slice(next, next + context.pace.keysPerBatch), database, channel: 'gather' };
      next += batch.keys.length;
      const begun = context.clock.now();
      await migrateBatch(job, { ...context, settle: () => settle(batch.keys) }, batch);
      context.pace.record(batch.keys.length, context.clock.now() - begun);
    }
  }
}

/** One key of a batch of which some were refused. False where both values are left. */
async function settleAndMove(execution: Execution, place: Place, context: MoveContext, key: Buffer): Promise<boolean> {
  const { cluster, conflicts } = execution;
  const { source, target, database } = place;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const reply = await cluster.migrate({
      source: source.address,
      target: target.peerAddress,
      keys: [key],
      replace: false,
      database,
      timeoutMs: context.migrateTimeoutMs,
      channel: 'gather',
    });
    if (!(reply instanceof ReplyError)) return true;
    if (reply.kind !== 'busy-key') throw refused(place, reply);
    const outcome = await settleKey({ cluster, desk: conflicts }, { ...place, serving: 'target' }, key);
    if (outcome === 'left') return false;
  }
  throw new OpsError(
    'FAILED',
    `A key of slot ${place.slot} is made again and again at ${formatAddress(target.address)}.`,
  );
}

const ATTEMPTS_MAX = 5;

function refused({ source, target }: Place, reply: ReplyError): OpsError {
  const [from, to] = [formatAddress(source.address), formatAddress(target.address)];
  return new OpsError('FAILED', `Keys could not be moved from ${from} to ${to}: ${reply.message}`, {
    cause: reply,
  });
}
