/**
 * What a backup says of itself: `manifest.json`, written last, in the folder of its RDB files. Files are named without
 * a folder, so that a backup can be moved.
 */
import { isObject, parseJson } from '../json.ts';
import type { Flavor } from './flavor.ts';
import type { NodeId, Role } from './node.ts';
import type { SlotSet } from './slot-set.ts';

/** Its presence, and nothing else, makes a folder a backup. */
export const MANIFEST_FILE = 'manifest.json';
/** The nodes in the words of redis-cli's own backup. */
export const NODES_FILE = 'nodes.json';

export interface BackupManifest {
  readonly version: 1;
  /** ISO 8601, UTC: when the last shard was saved. */
  readonly created: string;
  /** Product and version of the servers, each that occurs once. */
  readonly servers: readonly Flavor[];
  /** Every node that answered, in the order of the plan's topology. */
  readonly nodes: readonly BackedUpNode[];
  readonly shards: readonly BackedUpShard[];
  /** What was wrong with the cluster, one sentence each; empty for a healthy one. */
  readonly problems: readonly string[];
}

export interface BackedUpNode {
  readonly id: NodeId;
  /** As the other nodes reach it. */
  readonly host: string;
  readonly port: number;
  readonly role: Role;
  readonly primaryId: NodeId | null;
  readonly configEpoch: number;
  readonly slots: SlotSet;
}

export interface BackedUpShard {
  /** The primary when the backup began. */
  readonly primaryId: NodeId;
  readonly slots: SlotSet;
  /** Which node sent the file. */
  readonly takenFrom: { readonly id: NodeId; readonly address: string; readonly role: Role };
  /** The name of the RDB file. */
  readonly file: string;
  readonly bytes: number;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  readonly rdb: { readonly magic: 'REDIS' | 'VALKEY'; readonly version: number; readonly checksum: RdbChecksum };
  /** Where the snapshot stands in the history of writes: the replication id and the offset. */
  readonly replication: { readonly id: string; readonly offset: number };
  /** Keys that the primary counted shortly before. While clients write, the file may have a few more or less. */
  readonly keysCountedBefore: number;
  /** The same for each logical database; only Valkey 9 has clusters with several. */
  readonly databases: readonly KeysOfDatabase[];
  /** Memory that the data took at the node that sent the file, shortly before. */
  readonly memoryBytes: number;
}

export interface KeysOfDatabase {
  readonly index: number;
  readonly keys: number;
}

/** Of an RDB file, by its own CRC64: `absent` where the server wrote none (`rdbchecksum no`). */
export type RdbChecksum = 'verified' | 'absent';

/** Keys of the whole cluster, as its primaries counted them before the backup. */
export function keysOf(manifest: BackupManifest): number {
  return manifest.shards.reduce((sum, { keysCountedBefore }) => sum + keysCountedBefore, 0);
}

/** Bytes of all RDB files. */
export function bytesOf(manifest: BackupManifest): number {
  return manifest.shards.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The manifest, or a phrase that says why the text is not one. */
export function parseManifest(text: string): BackupManifest | string {
  const value = parseJson(text);
  if (!isObject(value)) return 'it is not a JSON object';
  if (value['version'] !== 1) return `its version is ${JSON.stringify(value['version'])}, and only 1 is known here`;
  const { shards, nodes, servers, problems, created } = value;
  if (!Array.isArray(shards) || shards.length === 0) return 'it names no shards';
  if (!Array.isArray(nodes) || !Array.isArray(servers) || !Array.isArray(problems) || typeof created !== 'string')
    return 'it lacks nodes, servers, problems or the time when it was made';
  const wrong = shards.findIndex((shard) => !isShard(shard));
  if (wrong !== -1) return `its shard ${wrong + 1} is incomplete`;
  if (new Set(shards.map(({ file }) => file)).size < shards.length) return 'two of its shards have one file';
  return value as unknown as BackupManifest;
}

function isShard(value: unknown): value is BackedUpShard {
  if (!isObject(value)) return false;
  const { file, bytes, sha256, rdb, slots, primaryId, keysCountedBefore, memoryBytes, databases } = value;
  return (
    typeof file === 'string' &&
    // A name without a path: nothing outside of the folder is read.
    /^[^/\\]+\.rdb$/.test(file) &&
    isCount(bytes) &&
    isCount(keysCountedBefore) &&
    isCount(memoryBytes) &&
    Array.isArray(databases) &&
    databases.every((each) => isObject(each) && isCount(each['index']) && isCount(each['keys'])) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    isObject(rdb) &&
    (rdb['magic'] === 'REDIS' || rdb['magic'] === 'VALKEY') &&
    isCount(rdb['version']) &&
    Array.isArray(slots) &&
    typeof primaryId === 'string'
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
