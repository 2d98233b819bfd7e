/** One shard's snapshot, from its server to the disk: counted, summed and checked on the way, never whole in memory. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { OpsError } from '../../errors.ts';
import type { BackedUpShard } from '../../model/backup.ts';
import type { TopologyNode } from '../../model/topology.ts';
import type { SaveShard } from '../../plan/backup.ts';
import type { Cluster, Snapshot } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { parseInfo } from '../../wire/info.ts';
import { RdbInspection } from '../../wire/rdb.ts';
import type { Clock } from '../clock.ts';
import { waitUntilNothingIsMissing } from '../clock.ts';
import type { Emit } from '../events.ts';
import { unwritable } from './folder.ts';

/** A replica that follows is as far as its primary was after a round trip or two; in this time it follows, or it hangs. */
const CATCH_UP_MS_MAX = 10_000;
const CATCH_UP_POLL_MS = 20;
const FILE_MODE = 0o600;

export interface SaveContext {
  readonly cluster: Cluster;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Where the file goes. */
  readonly folder: string;
  /** Called with the number of new bytes. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Saves the shard from `source`, the node that the plan names. What was written to the primary before the plan was made
 * is in it. Throws FAILED where the server does not give it, where the file cannot be written, or where it is damaged.
 */
export async function saveShard(context: SaveContext, shard: SaveShard, source: TopologyNode): Promise<BackedUpShard> {
  const snapshot = await begin(context, shard, source);
  const file = path.join(context.folder, shard.file);
  try {
    const facts = await writeFile(context, snapshot, file, shard);
    return {
      primaryId: shard.primary.id,
      slots: shard.slots,
      takenFrom: shard.source,
      file: shard.file,
      ...facts,
      replication: { id: snapshot.replicationId, offset: snapshot.offset },
      keysCountedBefore: shard.keys,
      databases: shard.databases,
      memoryBytes: shard.memoryBytes,
    };
  } finally {
    snapshot.close();
  }
}

/** Throws with the way out where a replica turns out not to be as well as it seemed. */
async function begin(context: SaveContext, shard: SaveShard, source: TopologyNode): Promise<Snapshot> {
  try {
    await untilCaughtUp(context, shard, source);
    return await openEitherWay(context, source);
  } catch (cause) {
    const isReplicas = shard.source.role === 'replica' && cause instanceof OpsError && cause.code !== 'INTERRUPTED';
    if (!isReplicas) throw cause;
    const suggestions = [...cause.suggestions, 'Take the snapshots from the primaries instead: --from primaries.'];
    throw new OpsError(cause.code, cause.message, { suggestions, cause });
  }
}

/** A replica may be a moment behind; what was acknowledged before is to be in the backup. */
async function untilCaughtUp(context: SaveContext, shard: SaveShard, { address }: TopologyNode): Promise<void> {
  if (shard.source.role === 'primary') return;
  const what = `${shard.source.address} to have what ${shard.primary.address} had`;
  await waitUntilNothingIsMissing(
    { what, timeoutMs: CATCH_UP_MS_MAX, pollMs: CATCH_UP_POLL_MS, signal: context.signal, clock: context.clock },
    async () => {
      const reply = await context.cluster.call(address, argv.info('replication'));
      const { slave_repl_offset: offset = '0' } = parseInfo(String(reply));
      const left = shard.primaryOffset - Number(offset);
      return left <= 0 ? [] : [`${left} bytes of writes`];
    },
    (missing) => context.emit({ event: 'wait', what, missing }),
  );
}

/** From a file of the server's, as redis-cli does it; where it cannot write one, as a stream. */
async function openEitherWay(context: SaveContext, source: TopologyNode): Promise<Snapshot> {
  const serverVersion = source.reach.ok ? source.reach.view.flavor.version : '';
  const { signal } = context;
  try {
    return await context.cluster.openSnapshot(source.address, { by: 'file', serverVersion, signal });
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'FAILED') throw cause;
    const message = `${cause.message} It is asked once more, for a stream that needs no disk of its own.`;
    context.emit({ event: 'notice', message });
    return context.cluster.openSnapshot(source.address, { by: 'stream', serverVersion, signal }).catch(() => {
      throw cause;
    });
  }
}

type FileFacts = Pick<BackedUpShard, 'bytes' | 'sha256' | 'rdb'>;

async function writeFile(context: SaveContext, snapshot: Snapshot, file: string, shard: SaveShard): Promise<FileFacts> {
  const hash = createHash('sha256');
  const inspection = new RdbInspection();
  const handle = await open(file, 'wx', FILE_MODE).catch((cause: unknown) => {
    throw unwritable(file, cause);
  });
  try {
    for await (const chunk of snapshot.chunks) {
      hash.update(chunk);
      inspection.write(chunk);
      await writeChunk(handle, chunk, file);
      context.onBytes(chunk.length);
    }
    await handle.sync().catch((cause: unknown) => {
      throw unwritable(file, cause);
    });
  } finally {
    await handle.close();
  }
  const facts = inspection.end();
  if (typeof facts === 'string') {
    throw new OpsError('FAILED', `What ${shard.source.address} sent is damaged: ${facts}.`, {
      suggestions: [
        'Type the command again; where it happens again, look at the network and at the memory of that host.',
      ],
    });
  }
  const { magic, version, checksum, bytes } = facts;
  return { bytes, sha256: hash.digest('hex'), rdb: { magic, version, checksum } };
}

async function writeChunk(handle: FileHandle, chunk: Buffer, file: string): Promise<void> {
  try {
    for (let from = 0; from < chunk.length; ) from += (await handle.write(chunk, from)).bytesWritten;
  } catch (cause) {
    throw unwritable(file, cause);
  }
}
