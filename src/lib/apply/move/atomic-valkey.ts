/**
 * Moving slots inside Valkey 9.0 and later: the source streams a snapshot and what is written meanwhile, and hands
 * over the whole range at once.
 *
 *   source  CLUSTER MIGRATESLOTS SLOTSRANGE a b … NODE target     +OK, and a job is begun
 *   source  CLUSTER GETSLOTMIGRATIONS                             until the job is success, failed or cancelled
 *   source  CLUSTER CANCELSLOTMIGRATIONS                          to give up: ALL jobs of the source, so only where
 *                                                                 ours is the only one
 *
 * The reply names no job, so it is found as the one that was not listed before. A job belongs to the server: it goes
 * on when this program ends, and is followed instead of begun anew by the next attempt. Source: behaviour of Valkey 9.1.2.
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { slotSetOf } from '../../model/slot-set.ts';
import type { SlotMigration } from '../../model/topology.ts';
import { argv } from '../../wire/argv.ts';
import { parseInfo } from '../../wire/info.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { parseGetSlotMigrations } from '../../wire/slot-migrations.ts';
import { throwIfInterrupted } from '../clock.ts';
import { migrationFailure, notAtomically } from './migration-failure.ts';
import type { MoveContext, MoveJob, SlotMover } from './move.ts';
import { whyWritesAreRefused } from './target-writes.ts';

const POLL_MS = 25;
/** A job that has shown no sign of progress for this long is cancelled. */
const STALL_TIMEOUT_MS = 600_000;
/** How long a cancelled job may take to end. */
const CANCEL_TIMEOUT_MS = 10_000;

export const atomicValkey: SlotMover = { kind: 'atomic', move };

/** A job as listed; any progress changes its `sign`. */
interface Job extends SlotMigration {
  readonly sign: string;
}

async function move(job: MoveJob, context: MoveContext): Promise<void> {
  throwIfInterrupted(context.signal);
  const earlier = await listJobs(job, context);
  const underWay = earlier.find((listed) => listed.isRunning && isFor(listed, job));
  if (underWay === undefined) await refuseUnfit(job, context);
  context.report.opening(job.slots);
  const ended = await follow(job, context, underWay?.id ?? (await begin(job, context, earlier)));
  if (ended.state === 'cancelled') throwIfInterrupted(context.signal);
  const failure = migrationFailure(job, ended);
  if (failure !== null) throw failure;
  context.report.closed(job.slots);
}

/** Throws REFUSED, with nothing begun. */
async function refuseUnfit({ target }: MoveJob, { cluster }: MoveContext): Promise<void> {
  const [reply] = await cluster.callMany(target.address, [argv.info('persistence')]);
  const refusing = typeof reply === 'string' ? whyWritesAreRefused(parseInfo(reply), 'valkey') : null;
  if (refusing !== null) throw notAtomically(`${formatAddress(target.address)} ${refusing}`);
}

/** The id of the new job. */
async function begin(job: MoveJob, context: MoveContext, earlier: readonly Job[]): Promise<string> {
  const { source, target, slots } = job;
  const [reply] = await context.cluster.callMany(source.address, [
    argv.clusterMigrateSlots(slotSetOf(slots), target.id),
  ]);
  if (reply instanceof ReplyError)
    throw new OpsError('FAILED', `${formatAddress(source.address)} refused an atomic migration: ${reply.message}`, {
      cause: reply,
    });
  const known = new Set(earlier.map(({ id }) => id));
  const begun = (await listJobs(job, context)).find((listed) => !known.has(listed.id) && isFor(listed, job));
  if (begun === undefined) throw lost(job);
  return begun.id;
}

/** The job's last word. An interruption cancels it, which moves nothing, and so does a stall. */
async function follow(job: MoveJob, context: MoveContext, id: string): Promise<Job> {
  const { clock, signal } = context;
  let sign = '';
  let changedAtMs = clock.now();
  let cancelledAtMs: number | null = null;
  for (;;) {
    const jobs = await listJobs(job, context);
    const own = jobs.find((listed) => listed.id === id);
    // The list is in the server's memory only: one that has restarted has no job any more.
    if (own === undefined) throw lost(job);
    if (!own.isRunning) return own;
    if (own.sign !== sign) {
      changedAtMs = clock.now();
      context.report.advanced?.();
    }
    sign = own.sign;
    const isStalled = clock.now() - changedAtMs > STALL_TIMEOUT_MS;
    if (cancelledAtMs === null && (signal.aborted || isStalled)) {
      const others = jobs.filter((listed) => listed.isRunning && listed !== own).length;
      if (others > 0) throw notCancelled(job, context, others);
      await context.cluster.callMany(job.source.address, [argv.clusterCancelSlotMigrations()]);
      cancelledAtMs = clock.now();
    }
    if (cancelledAtMs !== null && clock.now() - cancelledAtMs > CANCEL_TIMEOUT_MS)
      throw new OpsError(
        'FAILED',
        `The atomic migration ${pairOf(job)} was cancelled, but is still ${own.state} after ${CANCEL_TIMEOUT_MS / 1000} s.`,
      );
    await clock.sleep(POLL_MS);
  }
}

function notCancelled(job: MoveJob, { signal }: MoveContext, others: number): OpsError {
  const source = formatAddress(job.source.address);
  const many = others === 1 ? 'another migration' : `${others} other migrations`;
  return new OpsError(
    signal.aborted ? 'INTERRUPTED' : 'FAILED',
    `The atomic migration ${pairOf(job)} goes on inside the servers: cancelling it would cancel ${many} of ${source} as well.`,
    { suggestions: ['When it has ended, go on with `cluster resume`.'] },
  );
}

function lost(job: MoveJob): OpsError {
  const source = formatAddress(job.source.address);
  return new OpsError('FAILED', `${source} does not list the atomic migration ${pairOf(job)} any more.`);
}

async function listJobs({ source }: MoveJob, context: MoveContext): Promise<readonly Job[]> {
  const [reply] = await context.cluster.callMany(source.address, [argv.clusterGetSlotMigrations()]);
  if (reply === undefined || reply instanceof ReplyError)
    throw new OpsError('FAILED', `${formatAddress(source.address)} does not tell its migrations: ${reply?.message}`, {
      cause: reply,
    });
  const rows = Array.isArray(reply) ? reply : [];
  return parseGetSlotMigrations(reply)
    .map((listed, index) => ({ ...listed, sign: JSON.stringify(rows[index]) }))
    .filter(({ side }) => side === 'source');
}

/** The slots as the server prints them, `0-5 51-51`, and the target: both, because several jobs may go to one target. */
function isFor(listed: SlotMigration, { target, slots }: MoveJob): boolean {
  const ranges = slotSetOf(slots).map(([first, last]) => `${first}-${last}`);
  return listed.targetId === target.id && listed.slotRanges === ranges.join(' ');
}

function pairOf({ source, target }: MoveJob): string {
  return `from ${formatAddress(source.address)} to ${formatAddress(target.address)}`;
}
