/**
 * Migrations that the servers carry out by themselves (Valkey 9.0, Redis 8.4). They go on when whoever began them has
 * died, and until they have ended nobody can tell where the slots will be.
 */

import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { ReachedNode, SlotMigration, Topology } from '../model/topology.ts';
import { findNode, reachedNodes, slotsOfMigration } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import { type Clock, waitUntilNothingIsMissing } from './clock.ts';
import type { Emit } from './events.ts';
import { observeSteady, unlessUnseen } from './observe-steady.ts';

const POLL_MS = 100;
/** A migration of many gigabytes takes long; the operator can stop the waiting at any time. */
const SERVERS_TIMEOUT_MS = 3_600_000;
/** Redis tries a failed one again every second, for ever. */
const RETRIES_MAX = 10;

/** Those that have not ended, each once, although source and target both tell of it; without those that cannot end. */
export function runningMigrations(topology: Topology): readonly SlotMigration[] {
  const running = reachedNodes(topology).flatMap((node) =>
    node.reach.view.migrations.filter((each) => each.isRunning && !isLost(topology, node, each)),
  );
  // A replica of the target tells of it too, but not between whom it is (Valkey 9.1): whoever knows that comes last.
  const told = [...running].sort((a, b) => Number(a.sourceId !== null) - Number(b.sourceId !== null));
  return [...new Map(told.map((migration) => [migration.id, migration])).values()];
}

/**
 * What Redis still has of migrations that come to no end, by the node that tells of it: the other side has failed or is a
 * replica by now, or the target has given up and the source has not heard of it. Until it is cancelled there the source
 * refuses every SETSLOT of these slots, and where it waits for a frozen node, for as long as repl-timeout, it takes part in
 * nothing else (Redis 8.6.3). Valkey's end by themselves.
 */
export function abandonedMigrations(
  topology: Topology,
): readonly { readonly at: Address; readonly migration: SlotMigration }[] {
  const running = new Set(runningMigrations(topology).map(({ id }) => id));
  return reachedNodes(topology).flatMap((node) =>
    node.reach.view.migrations
      .filter((each) => (each.isRunning ? isLost(topology, node, each) : isLeftOver(each) && !running.has(each.id)))
      .map((migration) => ({ at: node.address, migration })),
  );
}

/** Valkey's failed jobs have ended, and do not count retries. */
function isLeftOver({ side, state, retries }: SlotMigration): boolean {
  return side === 'source' && state === 'failed' && retries !== undefined;
}

function isLost(topology: Topology, { reach }: ReachedNode, { side, sourceId, targetId }: SlotMigration): boolean {
  const otherId = side === 'source' ? targetId : sourceId;
  const other = otherId === null ? undefined : findNode(topology, otherId);
  if (other === undefined || reach.view.flavor.product !== 'redis') return false;
  return hasFlag(other.entry, 'fail') || roleOf(other.entry) === 'replica';
}

/** As a set; none where they cannot be read. */
export function slotsOf(migration: SlotMigration): SlotSet {
  return slotsOfMigration(migration) ?? [];
}

/** `the servers move slots 0-100 from 10.0.0.1:7000 to 10.0.0.2:7000 by themselves`. */
export function describeMigration(topology: Topology, { slotRanges, sourceId, targetId }: SlotMigration): string {
  const [source, target] = [sourceId, targetId].map((id) => {
    const node = id === null ? undefined : findNode(topology, id);
    return node === undefined ? 'another node' : formatAddress(node.address);
  });
  return `the servers move slots ${slotRanges} from ${source} to ${target} by themselves`;
}

/**
 * The topology once no server moves slots by itself, and the news of the last one has spread: for a moment both of its
 * sides claim the slots. Throws TIMEOUT, INTERRUPTED, and FAILED where a migration fails again and again.
 */
export async function untilServersAreDone(
  topology: Topology,
  options: {
    readonly cluster: Cluster;
    readonly seeds: readonly Address[];
    readonly emit: Emit;
    readonly signal: AbortSignal;
    readonly clock?: Clock;
  },
): Promise<Topology> {
  if (runningMigrations(topology).length === 0) return topology;
  const what = 'the servers to end what was begun';
  let now = topology;
  await waitUntilNothingIsMissing(
    { ...options, what, timeoutMs: SERVERS_TIMEOUT_MS, pollMs: POLL_MS },
    unlessUnseen(async () => {
      now = await options.cluster.observe(options.seeds);
      refuseHopeless(now);
      return runningMigrations(now).map((migration) => describeMigration(now, migration));
    }),
    (missing) => options.emit({ event: 'wait', what, missing }),
  );
  options.emit({ event: 'wait-end', what });
  return observeSteady(options.cluster, options.seeds);
}

function refuseHopeless(topology: Topology): void {
  const hopeless = runningMigrations(topology).find(
    ({ state, retries = 0 }) => state === 'failed' && retries >= RETRIES_MAX,
  );
  if (hopeless === undefined) return;
  throw new OpsError(
    'FAILED',
    `It has failed ${hopeless.retries} times that ${describeMigration(topology, hopeless)}: ${hopeless.message}`,
    {
      suggestions: ['Cancel it with `cluster fix HOST:PORT --on-migration cancel`, then type the same command again.'],
    },
  );
}
