/**
 * Moving slots inside Valkey 9.0 and later: the source streams a snapshot and what is written meanwhile, and hands
 * over the whole range at once.
 *
 *   source  CLUSTER MIGRATESLOTS SLOTSRANGE a b … NODE target     +OK, and a job is begun
 *   source  CLUSTER GETSLOTMIGRATIONS                             until the job is success, failed or cancelled
 *
 * The reply names no job, so it is found as the one that was not listed before. A job belongs to the server: it goes
 * on when this program ends. Source: behaviour of Valkey 9.1.2.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { slotSetOf } from '../../model/slot-set.ts';
import type { SlotMigration, TopologyNode } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { parseGetSlotMigrations } from '../../wire/slot-migrations.ts';
import type { MoveContext, MoveJob, SlotMover } from './move.ts';

const POLL_MS = 25;

export const atomicValkey: SlotMover = { kind: 'atomic', move };

async function move(job: MoveJob, context: MoveContext): Promise<void> {
  const { source, target, slots } = job;
  const before = new Set((await listJobs(context, source)).map(({ id }) => id));
  context.report.opening(slots);
  const [reply] = await context.cluster.callMany(source.address, [
    argv.clusterMigrateSlots(slotSetOf(slots), target.id),
  ]);
  if (reply instanceof ReplyError)
    throw new OpsError('FAILED', `${formatAddress(source.address)} refused an atomic migration: ${reply.message}`, {
      cause: reply,
    });
  const ended = await waitForJob(context, source, target, before);
  if (ended.state !== 'success') {
    throw new OpsError(
      'FAILED',
      `The atomic migration from ${formatAddress(source.address)} to ${formatAddress(target.address)} ended as ${ended.state}: ${ended.message || 'no reason was given'}`,
    );
  }
  context.report.closed(slots);
}

/** The job's last word. An interruption cancels it, which moves nothing. */
async function waitForJob(
  context: MoveContext,
  source: TopologyNode,
  target: TopologyNode,
  before: ReadonlySet<string>,
): Promise<SlotMigration> {
  let isCancelled = false;
  for (;;) {
    const job = (await listJobs(context, source)).find(({ id, targetId }) => !before.has(id) && targetId === target.id);
    if (job && !job.isRunning) return job;
    if (context.signal.aborted && !isCancelled) {
      isCancelled = true;
      await context.cluster.callMany(source.address, [argv.clusterCancelSlotMigrations()]);
    }
    await sleep(POLL_MS);
  }
}

async function listJobs(context: MoveContext, source: TopologyNode): Promise<readonly SlotMigration[]> {
  const [reply] = await context.cluster.callMany(source.address, [argv.clusterGetSlotMigrations()]);
  if (reply === undefined || reply instanceof ReplyError)
    throw new OpsError('FAILED', `${formatAddress(source.address)} does not tell its migrations: ${reply?.message}`, {
      cause: reply,
    });
  return parseGetSlotMigrations(reply).filter(({ side }) => side === 'source');
}
