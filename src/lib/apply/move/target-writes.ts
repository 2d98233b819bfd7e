/**
 * Does the target of a migration inside the servers refuse writes? What it refuses to its clients it refuses to the
 * migration too, and the servers do not notice. Seen in Redis 8.6.3 and Valkey 9.1.2:
 *
 *   min-replicas-to-write   Redis: every key is refused, the task is completed, and the source deletes what it had: ALL
 *                           KEYS ARE LOST. How many replicas answer may change at any moment, so that the setting alone
 *                           is an obstacle. Valkey: the job fails, and nothing is lost
 *   a disk that fails       the last snapshot or the append-only file could not be written: the target ends its own
 *                           process, by intent ("Replica was unable to write command to disk"), both products
 */

/** A phrase about the target, from its INFO replication and persistence; null where nothing is in the way. */
export function whyWritesAreRefused(
  info: Readonly<Record<string, string>>,
  product: 'redis' | 'valkey',
): string | null {
  // Only shown where min-replicas-to-write is set.
  if (product === 'redis' && info['min_slaves_good_slaves'] !== undefined)
    return 'refuses writes while too few replicas answer (min-replicas-to-write), and the server would lose these keys';
  const failed = FILES.find(([field]) => info[field] === 'err');
  return failed === undefined ? null : `could not write its ${failed[1]} last time, and the server would end itself`;
}

const FILES = [
  ['rdb_last_bgsave_status', 'snapshot'],
  ['aof_last_write_status', 'append-only file'],
] as const;
