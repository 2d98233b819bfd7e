/**
 * Moving slots inside Redis 8.4 and later: the target pulls a snapshot and what is written meanwhile, and takes over
 * the whole range at once.
 *
 *   target  CLUSTER MIGRATION IMPORT a b …          the id of a task
 *   target  CLUSTER MIGRATION STATUS ID id          until the task is completed or canceled
 *   target  CLUSTER MIGRATION CANCEL ID id          to give up: cancelling at the source does not stop the target
 *
 * A task that `failed` is tried again by the target itself, which counts its retries; past a bound it is cancelled. A
 * node takes part in one task at a time. Source: documentation and cluster_asm.c of Redis 8.4; not tried against a
 * live server yet, only against one that speaks this protocol by script (test/unit/apply/move/atomic-redis.test.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { slotSetOf } from '../../model/slot-set.ts';
import type { SlotMigration } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { parseMigrationStatus } from '../../wire/slot-migrations.ts';
import { throwIfInterrupted } from '../clock.ts';
import type { MoveContext, MoveJob, SlotMover } from './move.ts';

const POLL_MS = 25;
/** How long a task of somebody else's on one of the two nodes is waited for. */
const BUSY_TIMEOUT_MS = 60_000;
/** A task that has neither ended nor changed its state for this long is cancelled. */
const STALL_TIMEOUT_MS = 600_000;
/** The target's own retries. */
const RETRIES_MAX = 3;

export const atomicRedis: SlotMover = { kind: 'atomic', move };

async function move(job: MoveJob, context: MoveContext): Promise<void> {
  context.report.opening(job.slots);
  const id = await begin(job, context);
  const failure = await watch(job, context, id);
  if (failure !== null) {
    await context.cluster.callMany(job.target.address, [argv.clusterMigrationCancel(id)]);
    throwIfInterrupted(context.signal);
    throw new OpsError(
      'FAILED',
      `The atomic migration from ${nameOf(job.source)} to ${nameOf(job.target)} was cancelled: ${failure}`,
    );
  }
  context.report.closed(job.slots);
}

async function begin({ target, slots }: MoveJob, context: MoveContext): Promise<string> {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    throwIfInterrupted(context.signal);
    const [reply] = await context.cluster.callMany(target.address, [argv.clusterMigrationImport(slotSetOf(slots))]);
    if (typeof reply === 'string') return reply;
    const isBusy = reply instanceof ReplyError && /another ASM task is already in progress/.test(reply.message);
    if (!isBusy || performance.now() >= deadline) {
      const reason = reply instanceof ReplyError ? reply.message : 'it named no task';
      throw new OpsError('FAILED', `${nameOf({ address: target.address })} refused an atomic migration: ${reason}`, {
        cause: reply,
      });
    }
    await sleep(POLL_MS);
  }
}

/** Null when the task is completed, else why it is to be given up. */
async function watch({ target }: MoveJob, context: MoveContext, id: string): Promise<string | null> {
  let changedAtMs = performance.now();
  let last = '';
  for (;;) {
    const task = await statusOf(context, target.address, id);
    if (task === null) return 'the target does not know the task any more';
    if (!task.isRunning) return task.state === 'completed' ? null : task.message || `it ended as ${task.state}`;
    if (context.signal.aborted) return 'the operator stopped it';
    if ((task.retries ?? 0) >= RETRIES_MAX) return task.message || `${RETRIES_MAX} retries failed`;
    const now = `${task.state} ${task.retries}`;
    if (now !== last) changedAtMs = performance.now();
    last = now;
    if (performance.now() - changedAtMs > STALL_TIMEOUT_MS)
      return `it has been ${task.state} for ${STALL_TIMEOUT_MS / 1000} s`;
    await sleep(POLL_MS);
  }
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

function nameOf({ address }: Pick<MoveJob['target'], 'address'>): string {
  return formatAddress(address);
}
