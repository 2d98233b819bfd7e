/** Is this folder a backup, and is every byte of it as it was written? Answered without a cluster. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mapBounded } from '../../bounded.ts';
import { listInWords } from '../../check/words.ts';
import { OpsError } from '../../errors.ts';
import type { BackedUpShard, BackupManifest } from '../../model/backup.ts';
import { MANIFEST_FILE, parseManifest } from '../../model/backup.ts';
import { RdbInspection } from '../../wire/rdb.ts';

const CONCURRENT_FILES_MAX = 2;
const READ_BYTES = 1024 * 1024;

/** Throws USAGE where the folder is no backup: never made by us, or not finished; FAILED where its manifest is damaged. */
async function readManifest(directory: string): Promise<BackupManifest> {
  const file = path.join(directory, MANIFEST_FILE);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new OpsError('USAGE', `${directory} is no backup of this program: there is no ${MANIFEST_FILE} in it.`, {
      cause,
    });
  });
  const manifest = parseManifest(text);
  if (typeof manifest !== 'string') return manifest;
  throw new OpsError('FAILED', `${file} is not the manifest of a backup: ${manifest}.`);
}

/**
 * Reads every file whole. Throws FAILED naming each file that is missing or not as it was, INTERRUPTED, and what
 * {@link readManifest} throws.
 */
export async function verifyBackup(directory: string, signal: AbortSignal): Promise<BackupManifest> {
  const manifest = await readManifest(directory);
  const faults = await mapBounded(manifest.shards, CONCURRENT_FILES_MAX, (shard) => faultOf(directory, shard, signal));
  const found = faults.flatMap((fault) => fault ?? []);
  if (found.length === 0) return manifest;
  throw new OpsError('FAILED', [`The backup in ${directory} is damaged:`, ...found].join('\n  '), {
    suggestions: [
      `Intact: ${listInWords(manifest.shards.filter((_, index) => faults[index] === null).map(({ file }) => file)) || 'none of its files'}.`,
    ],
  });
}

/** Null for a file that is as the manifest says, else a sentence. */
async function faultOf(directory: string, shard: BackedUpShard, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  const inspection = new RdbInspection();
  let bytes = 0;
  try {
    const stream = createReadStream(path.join(directory, shard.file), { highWaterMark: READ_BYTES, signal });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      inspection.write(chunk);
      bytes += chunk.length;
    }
  } catch (cause) {
    if (signal.aborted) throw new OpsError('INTERRUPTED', 'Interrupted by the operator.');
    return `${shard.file} cannot be read: ${cause instanceof Error ? cause.message : cause}.`;
  }
  if (bytes !== shard.bytes) return `${shard.file} has ${bytes} bytes instead of ${shard.bytes}.`;
  const facts = inspection.end();
  if (typeof facts === 'string') return `${shard.file} is no whole RDB file: ${facts}.`;
  return hash.digest('hex') === shard.sha256 ? null : `${shard.file} has another sha256 than when it was written.`;
}
