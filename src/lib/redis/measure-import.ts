/** What must be known of a server before its keys are imported: what it is, what it holds, and whether the cluster reads it. */
import { mapBounded } from '../bounded.ts';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { keySlot } from '../model/key-slot.ts';
import type { NodeId } from '../model/node.ts';
import { hasSlot } from '../model/slot-set.ts';
import type { SourceServer } from '../model/source-server.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, keysByDatabase, primariesOf } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import { dumpVersion, emptyPayload, isReadable } from '../wire/dump-payload.ts';
import { flavorOf, parseInfo } from '../wire/info.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Cluster, Reply } from './cluster.ts';

const CONCURRENT_NODES_MAX = 16;
/** Enough to see a habit, few enough to be over at once. */
const SAMPLE_KEYS = 200;
/** A key above this blocks both servers for long enough to be felt. */
const LARGE_KEY_BYTES_MIN = 1024 * 1024;
/** One value is dumped to see the format; a large one is not worth it. */
const DUMPED_BYTES_MAX = 64 * 1024;

export interface MeasuredServer extends SourceServer {
  /** Where the keys are read. */
  readonly at: Address;
}

export interface ImportSourceMeasures {
  readonly servers: readonly MeasuredServer[];
  readonly isCluster: boolean;
  /** The source cluster; null where the source is standalone. */
  readonly topology: Topology | null;
  readonly roundTripMs: number;
}

/**
 * The server at the address, or every primary of its cluster. Reads only. Throws UNREACHABLE where one of them does not
 * answer, LOGIN where one refuses the login, FAILED where it does not tell about itself.
 */
export async function measureSource(
  source: Cluster,
  address: Address,
  database: number,
): Promise<ImportSourceMeasures> {
  const info = await readInfo(source, address);
  const begun = performance.now();
  await source.callMany(address, [argv.ping()]);
  const roundTripMs = performance.now() - begun;
  const isCluster = info['cluster_enabled'] === '1';
  if (!isCluster) {
    return { servers: [await measure(source, address, null, database)], isCluster, topology: null, roundTripMs };
  }
  const topology = await source.observe([address]);
  const givers = primariesOf(topology).filter(({ reach, entry }) => reach.ok || entry.slots.length > 0);
  const servers = await mapBounded(givers, CONCURRENT_NODES_MAX, (node) =>
    measure(source, node.address, node.id, database),
  );
  return { servers, isCluster, topology, roundTripMs };
}

/**
 * The primaries of the cluster that do not read dumps of this format version. They are asked to restore a dump that
 * holds nothing, which none of them stores.
 */
export async function unableToRead(cluster: Cluster, topology: Topology, version: number): Promise<readonly NodeId[]> {
  const primaries = primariesOf(topology)
    .filter(isReached)
    .filter(({ entry }) => entry.slots.length > 0);
  const answers = await mapBounded(primaries, CONCURRENT_NODES_MAX, async (node) => {
    const probe = argv.restore(keyOf(node), emptyPayload(version), { expiryMs: 0, replace: false });
    const [reply] = await cluster.callMany(node.address, [probe]);
    // Whatever else the server says is for the import to find out: it is not about the format.
    return reply instanceof ReplyError && isReadable(reply.message) === false ? [node.id] : [];
  });
  return answers.flat();
}

/** A key of one of the node's slots. */
function keyOf({ entry }: ReachedNode): Buffer {
  for (let number = 0; ; number++) {
    const key = Buffer.from(`redis-cluster-ops:format-probe:${number}`);
    if (hasSlot(entry.slots, keySlot(key))) return key;
  }
}

async function measure(source: Cluster, at: Address, id: NodeId | null, database: number): Promise<MeasuredServer> {
  const info = await readInfo(source, at);
  const flavor = flavorOf(info);
  const [functions, tracking] = await source.callMany(at, [argv.functionList(), argv.clientTrackingInfo()]);
  const databases = new Map(keysByDatabase({ info }).map(({ index, keys }) => [index, keys]));
  const sizes = (databases.get(database) ?? 0) > 0 ? await sample(source, at, database) : [];
  const small = sizes.find(({ bytes }) => bytes <= DUMPED_BYTES_MAX);
  return {
    address: formatAddress(at),
    at,
    id,
    flavor,
    isReplica: info['role'] === 'slave',
    databases,
    functions: libraryNames(functions),
    bytesPerKey: sizes.length === 0 ? 0 : sizes.reduce((sum, { bytes }) => sum + bytes, 0) / sizes.length,
    largeKeys: sizes
      .filter(({ bytes }) => bytes >= LARGE_KEY_BYTES_MIN)
      .map(({ key, bytes }) => ({ key: JSON.stringify(key.toString('latin1')).slice(1, -1), bytes })),
    dumpVersion: small === undefined ? null : await versionOf(source, at, database, small.key),
    tellsChanges: !(tracking instanceof ReplyError),
  };
}

async function readInfo(source: Cluster, address: Address): Promise<Readonly<Record<string, string>>> {
  const [reply] = await source.callMany(address, [argv.info()]);
  if (typeof reply === 'string') return parseInfo(reply);
  const where = formatAddress(address);
  const refusal = reply instanceof ReplyError ? reply : null;
  if (refusal?.kind === 'login')
    throw new OpsError('LOGIN', `The source ${where} refused the login: ${refusal.message}`, {
      suggestions: ['Give the user with --from-user and the password with --from-askpass or in REDISCLI_FROM_AUTH.'],
      cause: refusal,
    });
  throw new OpsError('FAILED', `The source ${where} does not tell about itself: ${refusal?.message ?? 'no INFO'}`);
}

/** Source: FUNCTION LIST of Redis 7.0 and later; older servers answer with an error, and have none. */
function libraryNames(reply: Reply | ReplyError | undefined): readonly string[] {
  if (!Array.isArray(reply)) return [];
  return (reply as readonly Reply[]).flatMap((library) => {
    const fields = Array.isArray(library) ? (library as readonly Reply[]) : [];
    const name = fields[fields.indexOf('library_name') + 1];
    return typeof name === 'string' ? [name] : [];
  });
}

async function sample(
  source: Cluster,
  address: Address,
  database: number,
): Promise<readonly { readonly key: Buffer; readonly bytes: number }[]> {
  const [page] = await source.callMany(address, [argv.scan('0', SAMPLE_KEYS)], { database, bytes: true });
  const [, list] = Array.isArray(page) ? (page as readonly Reply[]) : [];
  const keys = (Array.isArray(list) ? (list as readonly Reply[]) : []).filter((key) => Buffer.isBuffer(key));
  const sizes = await source.callMany(
    address,
    keys.map((key) => argv.memoryUsage(key)),
    { database },
  );
  return keys.flatMap((key, index) => {
    const bytes = sizes[index];
    return typeof bytes === 'number' ? [{ key, bytes }] : [];
  });
}

async function versionOf(source: Cluster, address: Address, database: number, key: Buffer): Promise<number | null> {
  const [dump] = await source.callMany(address, [argv.dump(key)], { database, bytes: true });
  return Buffer.isBuffer(dump) ? dumpVersion(dump) : null;
}
