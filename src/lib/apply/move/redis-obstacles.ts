/**
 * What keeps slots from being moved inside Redis 8.4 and later although the server itself would go ahead, or would fail
 * again and again. All seen in Redis 8.6.3:
 *
 *   keys at the target     of slots that it does not own are DELETED before the migration begins, whatever their values
 *   an open slot           anywhere on source or target: the target refuses, or fails for as long as it is open
 *   maxmemory              the target fills up beyond it, and refuses every write of its clients afterwards
 *   writes are refused     keys are lost, or the target ends itself: `target-writes.ts`
 *   a source that is lost  a frozen one is waited for as long as repl-timeout, although its replica is in charge already
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { hasFlag } from '../../model/node.ts';
import { argv } from '../../wire/argv.ts';
import { parseClusterNodes } from '../../wire/cluster-nodes.ts';
import { answersToImporter, askAsImporter } from '../../wire/foreign-keys.ts';
import { parseInfo } from '../../wire/info.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { notAtomically } from './migration-failure.ts';
import type { MoveContext, MoveJob } from './move.ts';
import { whyWritesAreRefused } from './target-writes.ts';

/** Three commands each, in one round trip: a server serves nobody else while it works through them. */
const SLOTS_PER_CALL_MAX = 256;
/** What a migration before has left is deleted in the background, key by key where clients are told of it. */
const TRIM_TIMEOUT_MS = 60_000;
const TRIM_POLL_MS = 100;

/** Throws REFUSED, with nothing begun, where the slots have to be moved key by key. */
export async function refuseObstacles(job: MoveJob, context: MoveContext): Promise<void> {
  const { source, target, estimatedBytes = 0 } = job;
  for (const { address, entry } of [source, target]) {
    const [open] = [...entry.migrating, ...entry.importing];
    if (open !== undefined) throw notAtomically(`slot ${open.slot} is open at ${formatAddress(address)}`);
  }
  await refuseKeysInTheWay(job, context);
  const unfit = await whyUnfit(job, context, estimatedBytes);
  if (unfit !== null) throw notAtomically(unfit);
}

/** Why the migration that is under way is to be cancelled: `isFinal`, where another attempt would end the same way. */
export async function obstacleMeanwhile(
  job: MoveJob,
  context: MoveContext,
): Promise<{ readonly reason: string; readonly isFinal: boolean } | null> {
  const unfit = await whyUnfit(job, context, 0);
  if (unfit !== null) return { reason: unfit, isFinal: true };
  const [reply] = await context.cluster.callMany(job.target.address, [argv.clusterNodes()]);
  if (typeof reply !== 'string') return null;
  const source = parseClusterNodes(reply).find(({ id }) => id === job.source.id);
  const isInCharge = source !== undefined && hasFlag(source, 'master') && !hasFlag(source, 'fail');
  if (isInCharge) return null;
  return { reason: `${formatAddress(job.source.address)} is not in charge any more`, isFinal: false };
}

async function refuseKeysInTheWay(job: MoveJob, context: MoveContext): Promise<void> {
  const { clock, signal } = context;
  const deadline = clock.now() + TRIM_TIMEOUT_MS;
  for (;;) {
    const slot = await filledAtTarget(job, context);
    if (slot === null || signal.aborted) return;
    const isPassing = clock.now() < deadline && (await isTrimming(job, context));
    if (!isPassing)
      throw notAtomically(
        `${formatAddress(job.target.address)} has keys of slot ${slot} already, which the server would delete`,
      );
    await clock.sleep(TRIM_POLL_MS, signal);
  }
}

/** The first slot of which the target has keys that it does not own; null where there is none. */
async function filledAtTarget({ source, target, slots }: MoveJob, { cluster }: MoveContext): Promise<number | null> {
  for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
    const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
    const replies = await cluster.callMany(target.address, askAsImporter(part, source.id, argv.clusterCountKeysInSlot));
    for (const [index, { marked, answer }] of answersToImporter(replies).entries()) {
      // Not marked, where the slot is the target's by now or on its way: what is asked for next says so.
      const denied = [marked, answer].find((reply) => reply instanceof ReplyError && reply.kind === 'login');
      if (denied instanceof ReplyError)
        throw new OpsError(
          'FAILED',
          `${formatAddress(target.address)} does not tell which keys it has: ${denied.message}`,
          {
            cause: denied,
          },
        );
      if (!(marked instanceof ReplyError) && answer !== 0) return part[index] ?? null;
    }
  }
  return null;
}

async function isTrimming({ target }: MoveJob, { cluster }: MoveContext): Promise<boolean> {
  const [reply] = await cluster.callMany(target.address, [argv.clusterInfo()]);
  return Number(parseInfo(String(reply))['cluster_slot_migration_active_trim_running'] ?? 0) > 0;
}

/** A sentence, where the target refuses writes, or so many bytes more are beyond its maxmemory and nothing may be evicted. */
async function whyUnfit({ target }: MoveJob, { cluster }: MoveContext, bytes: number): Promise<string | null> {
  const [reply] = await cluster.callMany(target.address, [argv.info('memory', 'replication', 'persistence')]);
  if (typeof reply !== 'string') return null;
  const info = parseInfo(reply);
  const name = formatAddress(target.address);
  const refusing = whyWritesAreRefused(info, 'redis');
  if (refusing !== null) return `${name} ${refusing}`;
  const { used_memory: used = '0', maxmemory: max = '0', maxmemory_policy: policy } = info;
  if (Number(max) === 0 || policy !== 'noeviction' || Number(used) + bytes <= Number(max)) return null;
  return `${name} would use more memory than its maxmemory, which the server does not prevent`;
}
