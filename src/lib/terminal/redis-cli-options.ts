/**
 * The options of redis-cli 7 and 8 and of valkey-cli 9 that a script may have on its line although they mean nothing to
 * the command: redis-cli accepts all of them with every subcommand. Those of a command itself are declared there.
 */
import type { Arity } from './words.ts';

/** The options of the cluster mode. */
export const CLUSTER_OPTIONS: ReadonlyMap<string, Arity> = new Map([
  ['--cluster-replicas', 'one'],
  ['--cluster-master-id', 'one'],
  ['--cluster-primary-id', 'one'],
  ['--cluster-slave', 'none'],
  ['--cluster-replica', 'none'],
  ['--cluster-from', 'one'],
  ['--cluster-to', 'one'],
  ['--cluster-slots', 'one'],
  ['--cluster-timeout', 'one'],
  ['--cluster-pipeline', 'one'],
  ['--cluster-replace', 'none'],
  ['--cluster-copy', 'none'],
  ['--cluster-weight', 'pairs'],
  ['--cluster-use-empty-masters', 'none'],
  ['--cluster-use-empty-primaries', 'none'],
  ['--cluster-threshold', 'one'],
  ['--cluster-simulate', 'none'],
  ['--cluster-yes', 'none'],
  ['--cluster-search-multiple-owners', 'none'],
  ['--cluster-fix-with-unreachable-masters', 'none'],
  ['--cluster-fix-with-unreachable-primaries', 'none'],
  ['--cluster-only-masters', 'none'],
  ['--cluster-only-primaries', 'none'],
  ['--cluster-only-replicas', 'none'],
  ['--cluster-from-user', 'one'],
  ['--cluster-from-pass', 'one'],
  ['--cluster-from-askpass', 'none'],
  ['--cluster-use-atomic-slot-migration', 'none'],
]);

/**
 * Options of a single connection or of its output, which redis-cli's cluster mode does not look at: the node is named
 * after the subcommand, not by -h and -p. `-n` is its own case, as it is also ours.
 */
export const CONNECTION_OPTIONS: ReadonlyMap<string, Arity> = new Map([
  ['-h', 'one'],
  ['-p', 'one'],
  ['-s', 'one'],
  ['-r', 'one'],
  ['-i', 'one'],
  ['-d', 'one'],
  ['-D', 'one'],
  ['-X', 'one'],
  ['-c', 'none'],
  ['-e', 'none'],
  ['-2', 'none'],
  ['-3', 'none'],
  ['--raw', 'none'],
  ['--no-raw', 'none'],
  ['--csv', 'none'],
  ['--quoted-json', 'none'],
  ['--quoted-input', 'none'],
  ['--show-pushes', 'one'],
  ['--name', 'one'],
  ['--mptcp', 'none'],
]);
