/**
 * Slot migrations that servers carry out by themselves. Both replies are, in RESP2, an array with one flat array of
 * fields and values per job, newest first:
 *
 *   Valkey >= 9.0  CLUSTER GETSLOTMIGRATIONS     name operation slot_ranges target_node source_node … state message …
 *   Redis >= 8.4   CLUSTER MIGRATION STATUS ALL  id slots source dest operation state last_error …
 */
import { OpsError } from '../errors.ts';
import { isNodeId, type NodeId } from '../model/node.ts';
import type { SlotMigration } from '../model/topology.ts';
import type { Reply } from './resp.ts';

/** How Valkey and Redis name the same things. */
interface Dialect {
  readonly command: string;
  readonly id: string;
  readonly slotRanges: string;
  readonly source: string;
  readonly target: string;
  readonly message: string;
  readonly sides: Readonly<Record<string, SlotMigration['side']>>;
  readonly isOver: (state: string, side: SlotMigration['side']) => boolean;
}

/** Seen in Valkey 9.1.2. A failed job is not tried again. Replicas of the target's shard report it without both nodes. */
const VALKEY: Dialect = {
  command: 'CLUSTER GETSLOTMIGRATIONS',
  id: 'name',
  slotRanges: 'slot_ranges',
  source: 'source_node',
  target: 'target_node',
  message: 'message',
  sides: { EXPORT: 'source', IMPORT: 'target' },
  isOver: (state) => ['success', 'failed', 'cancelled'].includes(state),
};

/**
 * Seen in Redis 8.6.3; source: cluster_asm.c. Replicas report no tasks. The target tries a failed task again until it is
 * cancelled there; the source of a failed task only waits to be asked anew.
 */
const REDIS: Dialect = {
  command: 'CLUSTER MIGRATION STATUS',
  id: 'id',
  slotRanges: 'slots',
  source: 'source',
  target: 'dest',
  message: 'last_error',
  sides: { migrate: 'source', import: 'target' },
  isOver: (state, side) => ['completed', 'canceled'].includes(state) || (state === 'failed' && side === 'source'),
};

/** The reply of Valkey's CLUSTER GETSLOTMIGRATIONS, newest first. Throws PROTOCOL where it cannot be read. */
export function parseGetSlotMigrations(reply: Reply): readonly SlotMigration[] {
  return parseJobs(reply, VALKEY);
}

/** The reply of Redis' CLUSTER MIGRATION STATUS ALL, in the server's order. Throws PROTOCOL where it cannot be read. */
export function parseMigrationStatus(reply: Reply): readonly SlotMigration[] {
  return parseJobs(reply, REDIS);
}

function parseJobs(reply: Reply, dialect: Dialect): readonly SlotMigration[] {
  if (!Array.isArray(reply)) throw unreadable(dialect, 'the reply', reply);
  return reply.map((job) => parseJob(job, dialect));
}

function parseJob(job: Reply, dialect: Dialect): SlotMigration {
  const fields = readFields(job, dialect);
  const required = (name: string) => {
    const value = fields.get(name);
    if (value === undefined) throw unreadable(dialect, `"${name}"`, job);
    return value;
  };
  const side = dialect.sides[required('operation')];
  if (side === undefined) throw unreadable(dialect, 'the operation', job);
  const state = required('state');
  return {
    id: required(dialect.id),
    side,
    slotRanges: required(dialect.slotRanges),
    sourceId: readNodeId(fields.get(dialect.source), dialect, job),
    targetId: readNodeId(fields.get(dialect.target), dialect, job),
    state,
    isRunning: !dialect.isOver(state, side),
    // Valkey 9.1.2 hands on the other server's error with its line end.
    message: (fields.get(dialect.message) ?? '').trim(),
    ...(fields.has('retries') ? { retries: Number(fields.get('retries')) } : {}),
  };
}

function readFields(job: Reply, dialect: Dialect): ReadonlyMap<string, string> {
  if (!Array.isArray(job) || job.length % 2 !== 0) throw unreadable(dialect, 'a job', job);
  const fields = new Map<string, string>();
  for (let index = 0; index < job.length; index += 2) fields.set(String(job[index]), String(job[index + 1] ?? ''));
  return fields;
}

function readNodeId(value: string | undefined, dialect: Dialect, job: Reply): NodeId | null {
  if (value === undefined || value === '') return null;
  if (!isNodeId(value)) throw unreadable(dialect, 'a node id', job);
  return value;
}

function unreadable(dialect: Dialect, what: string, reply: Reply): OpsError {
  return new OpsError(
    'PROTOCOL',
    `A server answered ${dialect.command} so that ${what} cannot be read: ${JSON.stringify(reply)}.`,
  );
}
