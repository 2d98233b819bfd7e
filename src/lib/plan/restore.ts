/** What does restoring this backup bring into this cluster, and why should it not be done? */
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, mebibytesInWords } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { BackupManifest } from '../model/backup.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { keyCount } from '../model/topology.ts';
import { refuseDisorder } from './backup.ts';
import { basisOf } from './basis.ts';
import type { Hazard } from './plan.ts';
import { receiversOf } from './receivers.ts';

/** One RDB file, whose keys go to whichever primary owns their slots now. */
export interface RestoreFile {
  readonly file: string;
  /** The length of the file. */
  readonly bytes: number;
  /** Keys of database 0, as they were counted when the backup was made. */
  readonly keys: number;
  /** Memory that they took then. The server that reads the file takes as much on this machine. */
  readonly memoryBytes: number;
  /** The slots of the shard that the file was made from. */
  readonly slots: SlotSet;
}

/** Plain JSON. */
export interface RestorePlan {
  readonly version: 1;
  readonly intention: string;
  /** See `basis.ts`. */
  readonly basis: string;
  readonly files: readonly RestoreFile[];
  /** True: keys that the cluster has with another value are overwritten. */
  readonly replace: boolean;
  /** How many primaries receive keys. */
  readonly primaries: number;
  readonly keysBefore: number;
  readonly hazards: readonly Hazard[];
}

export interface RestoreOptions {
  /** As it was typed. */
  readonly directory: string;
  readonly replace: boolean;
  /** True: where the backup has keys in other databases, these are left out. */
  readonly force: boolean;
  /** How many files are read at the same time. */
  readonly parallel: number;
  /** Memory that is free on this machine, in bytes. */
  readonly availableMemory: number;
}

export type PlannedRestore =
  | { readonly ok: true; readonly plan: RestorePlan }
  | { readonly ok: false; readonly refusals: readonly Finding[] };

/**
 * Refused: `unhealthy` where a slot has no owner or two, is open, or moves; `other-databases` where the backup has keys
 * in databases that a cluster does not have, unless `force`.
 */
export function planRestore(topology: Topology, manifest: BackupManifest, options: RestoreOptions): PlannedRestore {
  const refusals = [...refuseUnready(topology), ...(options.force ? [] : refuseOtherDatabases(manifest))];
  if (refusals.length > 0) return { ok: false, refusals };
  const files = manifest.shards.map(
    ({ file, bytes, databases, memoryBytes, slots }): RestoreFile => ({
      file,
      bytes,
      keys: databases.find(({ index }) => index === 0)?.keys ?? 0,
      memoryBytes,
      slots,
    }),
  );
  const receivers = receiversOf(topology);
  const keysBefore = receivers.reduce((sum, { reach }) => sum + keyCount(reach.view), 0);
  const plan: RestorePlan = {
    version: 1,
    intention: `restore ${options.directory} into ${countInWords(receivers.length, 'shard')}`,
    basis: basisOf(topology),
    files,
    replace: options.replace,
    primaries: receivers.length,
    keysBefore,
    hazards: [
      ...notEmpty(keysBefore, options.replace),
      ...leftOut(manifest),
      ...incomplete(manifest),
      ...targetMemory(files, receivers),
      ...ownMemory(files, options),
    ],
  };
  return { ok: true, plan };
}

function refuseUnready(topology: Topology): readonly Finding[] {
  const found = refuseDisorder(topology);
  if (found.length === 0) return [];
  const head: Finding = {
    rule: 'unhealthy',
    severity: 'error',
    message: '*** Please fix your cluster problems before restoring',
    nodeIds: [...new Set(found.flatMap(({ nodeIds }) => nodeIds))],
    suggestion: `See what is wrong with: cluster check ${formatAddress(topology.seed)}`,
  };
  return [head, ...found];
}

function refuseOtherDatabases(manifest: BackupManifest): readonly Finding[] {
  const others = otherDatabases(manifest);
  if (others.length === 0) return [];
  return [
    {
      rule: 'other-databases',
      severity: 'error',
      message: `The backup has keys in ${listInWords(others)}, and only those of database 0 can be restored.`,
      nodeIds: [],
      suggestion: 'Add --force to restore database 0 and leave out the others.',
    },
  ];
}

function leftOut(manifest: BackupManifest): readonly Hazard[] {
  const others = otherDatabases(manifest);
  if (others.length === 0) return [];
  return [{ name: 'other-databases', message: `Left out: the keys of ${listInWords(others)}.` }];
}

/** `database 3 (12 keys)`. Only Valkey 9 has clusters with several. */
function otherDatabases({ shards }: BackupManifest): readonly string[] {
  const keys = new Map<number, number>();
  for (const { databases } of shards)
    for (const { index, keys: own } of databases) if (index > 0) keys.set(index, (keys.get(index) ?? 0) + own);
  return [...keys]
    .sort(([left], [right]) => left - right)
    .map(([index, own]) => `database ${index} (${countInWords(own, 'key')})`);
}

function notEmpty(keysBefore: number, replace: boolean): readonly Hazard[] {
  if (keysBefore === 0) return [];
  const fate = replace
    ? 'those that the backup has too are overwritten'
    : 'those that the backup has with another value are left as they are, and named (--replace overwrites them)';
  return [{ name: 'not-empty', message: `The cluster holds ${countInWords(keysBefore, 'key')} already: ${fate}.` }];
}

function incomplete({ problems }: BackupManifest): readonly Hazard[] {
  if (problems.length === 0) return [];
  const message = `The cluster was not well when this backup was made, so keys may be missing: ${listInWords(problems)}`;
  return [{ name: 'incomplete-backup', message }];
}

/** Whether the data, as large as it was at its source, fits below maxmemory. Primaries without a limit take anything. */
function targetMemory(files: readonly RestoreFile[], receivers: readonly ReachedNode[]): readonly Hazard[] {
  const room = receivers.map(({ reach }) => {
    const { maxmemory = '0', used_memory: used = '0' } = reach.view.info;
    return Number(maxmemory) === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Number(maxmemory) - Number(used));
  });
  const free = room.reduce((sum, each) => sum + each, 0);
  const needed = files.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  if (needed <= free) return [];
  const message = `The data took ${mebibytesInWords(needed)} of memory, and the primaries have ${mebibytesInWords(free)} left (maxmemory): it may not fit.`;
  return [{ name: 'target-memory', message }];
}

/** Whether this machine has room for the servers that read the files, one for each that is restored at the same time. */
function ownMemory(files: readonly RestoreFile[], { parallel, availableMemory }: RestoreOptions): readonly Hazard[] {
  const largest = files.map(({ memoryBytes }) => memoryBytes).sort((left, right) => right - left);
  const needed = largest.slice(0, parallel).reduce((sum, each) => sum + each, 0);
  if (needed <= availableMemory) return [];
  const message = `Reading ${countInWords(Math.min(parallel, files.length), 'file')} at a time takes about ${mebibytesInWords(needed)} of this machine's memory, which has ${mebibytesInWords(availableMemory)} left: choose a smaller --parallel.`;
  return [{ name: 'own-memory', message }];
}
