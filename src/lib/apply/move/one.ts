/**
 * One move, to its end, whatever happens to the two sides meanwhile.
 *
 * Before each attempt the cluster is observed, together with the other moves that are at work, and what is left is worked
 * out from who owns which slot now. So a move that an earlier run began, or that a failover of either side has disturbed, is
 * simply gone on with: the new primary takes the old one's part.
 */
import { OpsError } from '../../errors.ts';
import { type Address, formatAddress } from '../../model/address.ts';
import type { NodeId } from '../../model/node.ts';
import { countSlots, eachSlot, intersectSlots, type SlotSet } from '../../model/slot-set.ts';
import type { ReachedNode, SlotMigration, Topology, TopologyNode } from '../../model/topology.ts';
import { isReached, primariesOf } from '../../model/topology.ts';
import type { MoverKind, MoveSlots } from '../../plan/plan.ts';
import { remainingOf, type ShardMembers, shardMembers } from '../../plan/remaining.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { throwIfInterrupted } from '../clock.ts';
import type { Execution } from '../execution.ts';
import {
  abandonedMigrations,
  describeMigration,
  runningMigrations,
  slotsOf,
  untilServersAreDone,
} from '../server-migrations.ts';
import { atomicRedis } from './atomic-redis.ts';
import { atomicValkey } from './atomic-valkey.ts';
import { keyWise } from './key-wise.ts';
import type { MoveContext, MoveJob, MoveReport, SlotMover } from './move.ts';
import type { Pace } from './pace.ts';
import { Patience } from './patience.ts';
import { databasesOf, migrateTimeoutOf } from './server-settings.ts';
import type { SharedObservation } from './shared-observation.ts';

const RETRY_PAUSE_MS = 500;
/** Replicas hear of a closed slot a moment after their primary. */
const CLOSING_PAUSE_MS = 100;
const ATOMIC_ATTEMPTS_MAX = 3;
/** Enough to find the cluster again when some of them are down. */
const SEEDS_MAX = 8;

interface Means {
  readonly pace: Pace;
  readonly report: MoveReport;
  /** A recent one for the first attempt, a fresh one for each that follows. */
  readonly observation: SharedObservation;
}

/**
 * Throws FAILED with the reason where it cannot go on, INTERRUPTED when the operator stops it. What may pass is waited
 * for as long as each wait may take, counted anew whenever something has moved.
 */
export async function moveOne(
  execution: Execution,
  step: MoveSlots,
  { pace, report, observation }: Means,
): Promise<void> {
  const before: Topology = { seed: { host: '', port: 0 }, nodes: [...execution.nodes.values()] };
  const sources = shardMembers(before, step.source.id);
  const targets = shardMembers(before, step.target.id);
  const seeds = seedsOf(before, [...sources, ...targets]);
  const patience = new Patience(execution.clock, execution.waitTimeoutMs);
  const watched = progressing(report, patience);
  let kind = step.mover;
  let atomicFailures = 0;
  let isFirst = true;
  for (;;) {
    throwIfInterrupted(execution.signal);
    try {
      const look = isFirst ? observation.recent(seeds) : observation.fresh(seeds);
      isFirst = false;
      const topology = await look;
      const rest = remainingOf(step, topology, sources, targets);
      if (rest.state === 'done' || (rest.state === 'closing' && execution.move.strayMarks === 'leave')) return;
      if (rest.state === 'stuck') {
        await pause(execution, patience, stuck(step, rest.reason), rest.reason);
        continue;
      }
      await cancelAbandoned(execution, topology, step.slots);
      const busy = movedByServers(topology, step.slots);
      if (busy !== null) {
        // Begun by a run that died, or by this one before its connection broke. Its end is what counts.
        execution.emit({ event: 'move-retry', because: `Waiting while ${describeMigration(topology, busy)}.` });
        await untilServersAreDone(topology, { ...execution, seeds });
        patience.progress();
        continue;
      }
      if (rest.state === 'closing') {
        if (patience.isOver()) throw stuck(step, `slot ${rest.slots[0]} does not close`);
        await close(execution, topology, rest.target, rest.slots);
        await execution.clock.sleep(CLOSING_PAUSE_MS);
      } else {
        await correctOwner(execution, rest.remaining);
        const job = jobOf(topology, rest.remaining, step);
        const context = await contextOf(execution, job, pace, watched);
        await moverOf(kind, job).move(job, context);
      }
    } catch (failure) {
      if (!(failure instanceof OpsError) || failure.code === 'INTERRUPTED') throw failure;
      if (kind === 'atomic' && (failure.code === 'FAILED' || failure.code === 'REFUSED')) {
        atomicFailures += 1;
        if (atomicFailures >= ATOMIC_ATTEMPTS_MAX || isRefusal(failure)) kind = fallBack(execution, failure);
      } else if (!mayPass(failure)) throw failure;
      await pause(execution, patience, failure, failure.message);
    }
  }
}

/** Before another attempt. Throws `failure` where there is to be none. */
async function pause(execution: Execution, patience: Patience, failure: OpsError, because: string): Promise<void> {
  if (patience.isOver()) throw failure;
  if (patience.isNews(because)) execution.emit({ event: 'move-retry', because });
  await execution.clock.sleep(RETRY_PAUSE_MS);
}

function progressing(report: MoveReport, patience: Patience): MoveReport {
  return {
    ...report,
    moved: (keys) => {
      patience.progress();
      report.moved(keys);
    },
    advanced: () => patience.progress(),
  };
}

/** A migration of some of the slots that the servers carry out by themselves; nothing else can move these slots meanwhile. */
function movedByServers(topology: Topology, slots: SlotSet): SlotMigration | null {
  const overlaps = (migration: SlotMigration): boolean => intersectSlots(slotsOf(migration), slots).length > 0;
  return runningMigrations(topology).find(overlaps) ?? null;
}

/** What a node still has of a migration of these slots that comes to no end, and that keeps them from being moved. */
async function cancelAbandoned({ cluster }: Execution, topology: Topology, slots: SlotSet): Promise<void> {
  const abandoned = abandonedMigrations(topology).filter(
    ({ migration }) => intersectSlots(slotsOf(migration), slots).length > 0,
  );
  for (const { at, migration } of abandoned) await cluster.callMany(at, [argv.clusterMigrationCancel(migration.id)]);
}

/**
 * A node takes no news about a slot that it imports. So when the source fails over meanwhile, the target goes on to
 * take the dead node for the owner, finds the cluster not covered, and refuses everything with CLUSTERDOWN until it is
 * told. Source: `clusterUpdateSlotsConfigWith` of Redis 7.0.15, and seen there.
 */
async function correctOwner(
  execution: Execution,
  { source, target, slots }: { source: ReachedNode; target: ReachedNode; slots: readonly number[] },
): Promise<void> {
  const believed = new Map<number, NodeId>();
  for (const entry of target.reach.view.entries) for (const slot of eachSlot(entry.slots)) believed.set(slot, entry.id);
  const wrong = slots.filter((slot) => believed.get(slot) !== source.id && believed.get(slot) !== target.id);
  const commands = wrong.map((slot) => argv.clusterSetSlotNode(slot, source.id));
  if (commands.length > 0) await execution.cluster.callMany(target.address, commands);
}

/** A node that went away, or that is not in charge any more, is what a failover looks like from here. */
function mayPass(failure: OpsError): boolean {
  if (failure.code === 'UNREACHABLE') return true;
  const { cause } = failure;
  return (
    cause instanceof ReplyError &&
    ['not-in-charge', 'unknown-node', 'ambiguous', 'no-replicas', 'passing'].includes(cause.kind)
  );
}

/** A server that does not begin a migration will not do so a moment later either. */
function isRefusal(failure: OpsError): boolean {
  return failure.code === 'REFUSED' || failure.cause instanceof ReplyError;
}

function fallBack(execution: Execution, failure: OpsError): MoverKind {
  execution.emit({
    event: 'move-retry',
    because: `Going on key by key, because the servers do not do it themselves: ${failure.message}`,
  });
  return 'key-wise';
}

function moverOf(kind: MoverKind, { source }: MoveJob): SlotMover {
  if (kind === 'key-wise' || !isReached(source)) return keyWise;
  return source.reach.view.flavor.product === 'valkey' ? atomicValkey : atomicRedis;
}

function jobOf(
  topology: Topology,
  { source, target, slots }: { source: ReachedNode; target: ReachedNode; slots: readonly number[] },
  { estimate, slots: planned }: MoveSlots,
): MoveJob {
  const bystanders = primariesOf(topology).filter(
    (node) => isReached(node) && node.entry.slots.length > 0 && node.id !== source.id && node.id !== target.id,
  );
  const estimatedBytes = ((estimate?.bytes ?? 0) * slots.length) / countSlots(planned);
  return { source, target, slots, bystanders, estimatedBytes };
}

async function contextOf(execution: Execution, job: MoveJob, pace: Pace, report: MoveReport): Promise<MoveContext> {
  const { cluster, signal, clock, move } = execution;
  const [migrateTimeoutMs, databases] = await Promise.all([
    migrateTimeoutOf(cluster, job.source),
    databasesOf(cluster, job.source),
  ]);
  return { cluster, clock, signal, pace, report, replace: move.replace, migrateTimeoutMs, databases };
}

/**
 * The target owns the slots already; whoever still has them open is told so. None of them may hold keys of these
 * slots any more: they could not be found there, so such a slot stays open and is for `fix`.
 */
async function close(
  execution: Execution,
  topology: Topology,
  target: ReachedNode,
  slots: readonly number[],
): Promise<void> {
  const others = primariesOf(topology).filter((node) => node.reach.ok && node.id !== target.id);
  await Promise.all(others.map((node) => refuseKeys(execution, node, slots)));
  // NODE says whose the slot is, but clears `importing` only on that node, and `migrating` only where no key is left
  // (Redis 7.0.15): STABLE clears both. The owner FIRST, so that it sends no client away any more.
  const commands = slots.flatMap((slot) => [argv.clusterSetSlotNode(slot, target.id), argv.clusterSetSlotStable(slot)]);
  await execution.cluster.callMany(target.address, commands);
  await Promise.all(others.map((node) => execution.cluster.callMany(node.address, commands)));
}

async function refuseKeys(execution: Execution, node: TopologyNode, slots: readonly number[]): Promise<void> {
  const counts = await execution.cluster.callMany(
    node.address,
    slots.map((slot) => argv.clusterCountKeysInSlot(slot)),
  );
  const filled = slots.filter((_, index) => counts[index] !== 0);
  if (filled.length === 0) return;
  const name = formatAddress(node.address);
  throw new OpsError('FAILED', `${name} holds keys of slot ${filled[0]}, which belongs to another node already.`, {
    suggestions: [`Look at it with \`cluster check ${name} --search-multiple-owners\`.`],
  });
}

function seedsOf(topology: Topology, members: ShardMembers): readonly Address[] {
  const reached = topology.nodes.filter(isReached);
  const own = reached.filter(({ id }) => members.includes(id));
  const rest = reached.filter(({ id }) => !members.includes(id));
  return [...own, ...rest].slice(0, SEEDS_MAX).map(({ address }) => address);
}

function stuck(step: MoveSlots, reason: string): OpsError {
  return new OpsError(
    'FAILED',
    `Slots cannot be moved from ${step.source.address} to ${step.target.address}: ${reason}.`,
    {
      suggestions: ['When that is mended, go on with `cluster resume`.'],
    },
  );
}
