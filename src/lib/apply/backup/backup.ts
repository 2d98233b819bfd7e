/** Taking a backup: every shard is saved, nothing moved meanwhile, and only then does the folder get its name. */
import path from 'node:path';
import { present } from '../../assert.ts';
import { OpsError } from '../../errors.ts';
import type { BackedUpNode, BackedUpShard, BackupManifest } from '../../model/backup.ts';
import { MANIFEST_FILE, NODES_FILE } from '../../model/backup.ts';
import type { Flavor } from '../../model/flavor.ts';
import { formatFlavor } from '../../model/flavor.ts';
import { roleOf } from '../../model/node.ts';
import type { Topology } from '../../model/topology.ts';
import { findNode, reachedNodes } from '../../model/topology.ts';
import type { BackupPlan } from '../../plan/backup.ts';
import { refuseDisorder } from '../../plan/backup.ts';
import { movedInWords, movedShards } from '../../plan/shards-kept.ts';
import type { Cluster } from '../../redis/cluster.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import type { Emit } from '../events.ts';
import type { ProcessIdentity } from '../journal.ts';
import { observeSteady } from '../observe-steady.ts';
import { seedsAmong } from '../seeds.ts';
import { type BackupFolder, claimFolder, discardFolder, publishFolder, writeWhole } from './folder.ts';
import { type SaveContext, saveShard } from './save-shard.ts';
import { mapByHost } from './schedule.ts';

/** Of the line that says how far it is. */
const PROGRESS_EVERY_MS = 200;

export interface BackupSettings {
  readonly cluster: Cluster;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** As it was typed. */
  readonly directory: string;
  readonly run: string;
  readonly owner: ProcessIdentity;
  readonly isRunning: (owner: ProcessIdentity) => boolean;
  readonly parallelMax: number;
  readonly perHostMax: number;
  /** What goes into the nodes' file. */
  readonly nodesJson: string;
  /** A cluster that changes meanwhile is backed up as well as it can be. */
  readonly force: boolean;
}

/**
 * The manifest of what is now at `directory`. Throws FAILED or INTERRUPTED, and then nothing is there: neither a backup
 * nor a part of one.
 */
export async function takeBackup(
  plan: BackupPlan,
  topology: Topology,
  settings: BackupSettings,
): Promise<BackupManifest> {
  const { directory, run, owner, isRunning } = settings;
  const folder = await claimFolder(directory, run, owner, isRunning);
  try {
    const shards = await saveAll(plan, topology, settings, folder);
    const problems = [...plan.problems, ...(await meanwhile(plan, topology, settings))];
    const manifest = manifestOf(topology, shards, problems);
    await writeWhole(path.join(folder.partial, NODES_FILE), settings.nodesJson);
    await writeWhole(path.join(folder.partial, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await publishFolder(folder);
    return manifest;
  } catch (failure) {
    await discardFolder(folder);
    // The cluster was reached: what is not known is only one node's data.
    if (!(failure instanceof OpsError) || failure.code !== 'UNREACHABLE') throw failure;
    throw new OpsError('FAILED', failure.message, { suggestions: failure.suggestions, cause: failure });
  }
}

async function saveAll(
  plan: BackupPlan,
  topology: Topology,
  { cluster, emit, signal, parallelMax, perHostMax }: BackupSettings,
  folder: BackupFolder,
): Promise<readonly BackedUpShard[]> {
  const giveUp = new AbortController();
  const stop = (): void => giveUp.abort();
  signal.addEventListener('abort', stop);
  let [bytesDone, shardsDone, saidAt] = [0, 0, 0];
  const atWork = new Set<string>();
  const report = (): void => {
    const now = performance.now();
    if (now - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = now;
    emit({ event: 'backup-progress', shardsDone, shards: plan.shards.length, bytesDone, nodes: [...atWork] });
  };
  const context: SaveContext = {
    cluster,
    emit,
    signal: giveUp.signal,
    clock: SYSTEM_CLOCK,
    folder: folder.partial,
    onBytes: (bytes) => {
      bytesDone += bytes;
      report();
    },
  };
  try {
    if (signal.aborted) stop();
    return await mapByHost(plan.shards, { parallelMax, perHostMax, hostOf: ({ host }) => host }, async (shard) => {
      const source = present(findNode(topology, shard.source.id), 'a plan takes snapshots of nodes of its topology');
      emit({ event: 'snapshot-begin', node: shard.source.address });
      atWork.add(shard.source.address);
      // One that fails ends the others: there will be no backup.
      const saved = await saveShard(context, shard, source).catch((failure: unknown) => {
        stop();
        throw failure;
      });
      atWork.delete(shard.source.address);
      shardsDone += 1;
      emit({ event: 'snapshot-end', node: shard.source.address, bytes: saved.bytes, done: shardsDone });
      return saved;
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What became of the cluster while its data was copied. Throws FAILED where keys may have moved, unless forced. */
async function meanwhile(plan: BackupPlan, before: Topology, settings: BackupSettings): Promise<readonly string[]> {
  const after = await observeSteady(settings.cluster, seedsAmong(before.nodes));
  const known = new Set(plan.problems);
  const moved = movedShards(plan.shards, before, after);
  const found = [
    ...(moved.length === 0 ? [] : [movedInWords(moved)]),
    ...refuseDisorder(after)
      .map(({ message }) => message)
      .filter((message) => !known.has(message)),
  ];
  if (found.length === 0 || settings.force) return found;
  throw new OpsError(
    'FAILED',
    [...found, 'A key may be in two of the files or in none, so no backup was kept.'].join('\n'),
    {
      suggestions: ['Type the command again when no slots are being moved.'],
    },
  );
}

function manifestOf(topology: Topology, shards: readonly BackedUpShard[], problems: readonly string[]): BackupManifest {
  const reached = reachedNodes(topology);
  const servers = new Map<string, Flavor>(
    reached.map(({ reach }) => [formatFlavor(reach.view.flavor), reach.view.flavor] as const),
  );
  const nodes = reached.map(
    ({ id, peerAddress, entry }): BackedUpNode => ({
      id,
      host: peerAddress.host,
      port: peerAddress.port,
      role: roleOf(entry),
      primaryId: entry.primaryId,
      configEpoch: entry.configEpoch,
      slots: entry.slots,
    }),
  );
  return { version: 1, created: new Date().toISOString(), servers: [...servers.values()], nodes, shards, problems };
}
