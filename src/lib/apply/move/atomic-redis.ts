/**
 * Moving slots inside Redis 8.4 and later: the target pulls a snapshot and what is written meanwhile, and takes over
 * the whole range at once.
 *
 *   target  CLUSTER MIGRATION IMPORT a b …          the id of a task
 *   target  CLUSTER MIGRATION STATUS ID id          until the task is completed or canceled
 *   target  CLUSTER MIGRATION CANCEL ID id          to give up: cancelling at the source does not stop the target
 *   source  CLUSTER MIGRATION CANCEL ID id          and it goes on to keep a failed task, until it is told as well
 *
 * A task that `failed` is tried again by the target itself, once a second for as long as it is not cancelled, and from
 * whoever owns the slots by then; it counts its retries. A node takes part in one task at a time: a target refuses a
 * second one, and one whose source is busy fails until it is not. The nodes log in to each other by a secret that the
 * cluster shares, so no password has to be set for it. Source: behaviour of Redis 8.6.3, and cluster_asm.c; 8.4 was not at
 * hand. What the servers do not see to: `redis-obstacles.ts`.
 */
import { OpsError } from '../../errors.ts';
import { type Address, formatAddress } from '../../model/address.ts';
import { slotSetOf } from '../../model/slot-set.ts';
import type { SlotMigration } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { parseMigrationStatus } from '../../wire/slot-migrations.ts';
import { throwIfInterrupted } from '../clock.ts';
import { notAtomically } from './migration-failure.ts';
import type { MoveContext, MoveJob, SlotMover } from './move.ts';
import { obstacleMeanwhile, refuseObstacles } from './redis-obstacles.ts';

const POLL_MS = 25;
/** Another task on one of the two nodes, somebody else's or one that an earlier attempt has lost sight of. */
const BUSY = /another ASM task is already in progress|overlapping import exists|Trim job in progress/i;
/** How long that is waited for. */
const BUSY_TIMEOUT_MS = 60_000;
/** A task that has neither ended nor changed its state for this long is cancelled. */
const STALL_TIMEOUT_MS = 600_000;
/** The target's own retries, one a second: of a task that fails, and of one whose source is busy. */
const RETRIES_MAX = 3;
const BUSY_RETRIES_MAX = 60;
/** How often it is looked whether the task is still worth waiting for. */
const LOOK_EVERY_MS = 250;

export const atomicRedis: SlotMover = { kind: 'atomic', move };

async function move(job: MoveJob, context: MoveContext): Promise<void> {
  throwIfInterrupted(context.signal);
  await refuseObstacles(job, context);
  context.report.opening(job.slots);
  const id = await begin(job, context);
  const end = await watch(job, context, id);
  if (end.isRunning && (await cancel(job, context, id))) end.isCompleted = true;
  if (end.isCompleted) return context.report.closed(job.slots);
  throwIfInterrupted(context.signal);
  if (end.isFinal) throw notAtomically(end.reason);
  const [from, to] = [formatAddress(job.source.address), formatAddress(job.target.address)];
  const what = end.isRunning ? 'was cancelled' : 'was given up';
  throw new OpsError('FAILED', `The atomic migration from ${from} to ${to} ${what}: ${end.reason}`);
}

/** The id of the new task. */
async function begin({ target, slots }: MoveJob, context: MoveContext): Promise<string> {
  const { clock } = context;
  const deadline = clock.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    throwIfInterrupted(context.signal);
    const [reply] = await context.cluster.callMany(target.address, [argv.clusterMigrationImport(slotSetOf(slots))]);
    if (typeof reply === 'string') return reply;
    const isBusy = reply instanceof ReplyError && BUSY.test(reply.message);
    if (!isBusy || clock.now() >= deadline) {
      const reason = reply instanceof ReplyError ? reply.message : 'it named no task';
      throw new OpsError('FAILED', `${formatAddress(target.address)} refused an atomic migration: ${reason}`, {
        cause: reply,
      });
    }
    await clock.sleep(POLL_MS, context.signal);
  }
}

interface End {
  isCompleted: boolean;
  /** It goes on until it is cancelled. */
  readonly isRunning: boolean;
  readonly isFinal?: boolean;
  readonly reason: string;
}

/** How the task ended, or why it is to be given up. */
async function watch(job: MoveJob, context: MoveContext, id: string): Promise<End> {
  const { clock } = context;
  const giveUp = (reason: string): End => ({ isCompleted: false, isRunning: true, reason });
  let changedAtMs = clock.now();
  let lookedAtMs = clock.now();
  let last = '';
  for (;;) {
    const task = await statusOf(context, job.target.address, id);
    if (task === null)
      return { isCompleted: false, isRunning: false, reason: 'the target does not know the task any more' };
    if (!task.isRunning) {
      const isCompleted = task.state === 'completed';
      return { isCompleted, isRunning: false, reason: task.message || `it ended as ${task.state}` };
    }
    if (context.signal.aborted) return giveUp('the operator stopped it');
    if (isHopeless(task)) return giveUp(task.message || `${task.retries} retries failed`);
    const now = `${task.state} ${task.retries}`;
    if (now !== last) {
      changedAtMs = clock.now();
      context.report.advanced?.();
    }
    last = now;
    if (clock.now() - changedAtMs > STALL_TIMEOUT_MS)
      return giveUp(`it has been ${task.state} for ${STALL_TIMEOUT_MS / 1000} s`);
    if (clock.now() - lookedAtMs >= LOOK_EVERY_MS) {
      lookedAtMs = clock.now();
      const obstacle = await obstacleMeanwhile(job, context);
      if (obstacle !== null) return { ...giveUp(obstacle.reason), isFinal: obstacle.isFinal };
    }
    await clock.sleep(POLL_MS, context.signal);
  }
}

/** One that is at work again has got further than before. */
function isHopeless({ state, message, retries = 0 }: SlotMigration): boolean {
  return state === 'failed' && retries >= (BUSY.test(message) ? BUSY_RETRIES_MAX : RETRIES_MAX);
}

/** True where the task was completed before it could be cancelled. */
async function cancel({ source, target }: MoveJob, context: MoveContext, id: string): Promise<boolean> {
  // The target FIRST: it would ask the source again.
  await context.cluster.callMany(target.address, [argv.clusterMigrationCancel(id)]);
  const isCompleted = (await statusOf(context, target.address, id))?.state === 'completed';
  if (!isCompleted) await forgetAt(source.address, context, id);
  return isCompleted;
}

/** The source calls it failed, and refuses SETSLOT of its slots as long as it is there; a lost one is no matter. */
async function forgetAt(source: Address, { cluster }: MoveContext, id: string): Promise<void> {
  await cluster.callMany(source, [argv.clusterMigrationCancel(id)]).catch((failure: unknown) => {
    if (!(failure instanceof OpsError) || failure.code !== 'UNREACHABLE') throw failure;
  });
}

async function statusOf(
  context: MoveContext,
  address: MoveJob['target']['address'],
  id: string,
): Promise<SlotMigration | null> {
  const [reply] = await context.cluster.callMany(address, [argv.clusterMigrationStatus(id)]);
  if (reply === undefined || reply instanceof ReplyError) {
    throw new OpsError('FAILED', `${formatAddress(address)} does not tell how the migration is: ${reply?.message}`, {
      cause: reply,
    });
  }
  return parseMigrationStatus(reply)[0] ?? null;
}
