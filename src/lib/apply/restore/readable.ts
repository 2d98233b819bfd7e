/**
 * Can the server on this machine read the files, and can the cluster read what that server hands out? The servers are
 * asked, so that nobody has to know which version writes what.
 *
 *   RDB file of version F  ─►  server here, which writes version S  ─►  primaries of the cluster
 *                         reads F?                                 read S?
 */
import { randomBytes } from 'node:crypto';
import { OpsError } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { formatAddress } from '../../model/address.ts';
import type { BackupManifest } from '../../model/backup.ts';
import { formatFlavor } from '../../model/flavor.ts';
import { keySlot } from '../../model/key-slot.ts';
import { hasSlot } from '../../model/slot-set.ts';
import type { ReachedNode, Topology } from '../../model/topology.ts';
import { isReached, primariesOf } from '../../model/topology.ts';
import type { Cluster } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { dumpVersion, emptyPayload, isReadable } from '../../wire/dump-payload.ts';
import { flavorOf, parseInfo } from '../../wire/info.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { ServedFile } from './served-file.ts';

/** A slot of every 16384 names; the smallest share of a primary is one slot. */
const NAME_ATTEMPTS_MAX = 1_000_000;

/**
 * Returns where everything can be read. Throws REFUSED with the server to take instead, FAILED where a node does not say.
 * `empty` is a server on this machine without keys; `binary` names it.
 */
export async function refuseUnreadable(
  manifest: BackupManifest,
  empty: ServedFile,
  binary: string,
  cluster: Cluster,
  topology: Topology,
): Promise<void> {
  const { product, version } = flavorOf(
    parseInfo(String(await empty.cluster.call(empty.address, argv.info('server')))),
  );
  const own = formatFlavor({ product, version });
  for (const { file, rdb } of manifest.shards) {
    const isForeign = rdb.magic === 'VALKEY' && product !== 'valkey';
    if (!isForeign && (await reads(empty.cluster, empty.address, rdb.version, randomBytes(8)))) continue;
    throw new OpsError(
      'REFUSED',
      `${own} (${binary}) cannot read ${file}: it is of the RDB version ${rdb.version} of ${rdb.magic === 'VALKEY' ? 'Valkey' : 'Redis'}.`,
      {
        suggestions: [
          `Name a newer server with --server PATH; the backup was made of ${manifest.servers.map(formatFlavor).join(', ')}.`,
        ],
      },
    );
  }
  const written = await writtenVersion(empty);
  for (const primary of primariesOf(topology).filter(isReached)) {
    if (primary.entry.slots.length === 0) continue;
    if (await reads(cluster, primary.address, written, nameFor(primary))) continue;
    const target = formatFlavor(primary.reach.view.flavor);
    throw new OpsError(
      'REFUSED',
      `${formatAddress(primary.address)} (${target}) cannot read what ${own} (${binary}) writes: RDB version ${written}.`,
      {
        suggestions: [
          `Name a server that is not newer than ${target} with --server PATH; it has to read the backup, too.`,
        ],
      },
    );
  }
}

async function writtenVersion({ cluster, address }: ServedFile): Promise<number> {
  const key = randomBytes(8);
  const replies = await cluster.callMany(address, [['SET', key, ''], argv.dump(key), argv.unlink([key])], {
    bytes: true,
  });
  const [, payload] = replies;
  if (Buffer.isBuffer(payload)) return dumpVersion(payload);
  throw new OpsError('FAILED', `The server on this machine does not DUMP a key: ${String(payload)}.`);
}

async function reads(cluster: Cluster, address: Address, version: number, key: Buffer): Promise<boolean> {
  const command = argv.restore(key, emptyPayload(version), { expiryMs: 0, replace: false });
  const [reply] = await cluster.callMany(address, [command]);
  const answer = reply instanceof ReplyError ? isReadable(reply.message) : null;
  if (answer !== null) return answer;
  const code = reply instanceof ReplyError && reply.kind === 'login' ? 'LOGIN' : 'FAILED';
  const said = reply instanceof ReplyError ? reply.message : String(reply);
  throw new OpsError(code, `Node ${formatAddress(address)} does not say whether it can be restored to: ${said}`, {
    suggestions: ['The user needs the right to RESTORE.'],
  });
}

/** A name that nobody has, in a slot of this primary. */
function nameFor({ entry }: ReachedNode): Buffer {
  for (let attempt = 0; attempt < NAME_ATTEMPTS_MAX; attempt++) {
    const name = randomBytes(16);
    if (hasSlot(entry.slots, keySlot(name))) return name;
  }
  throw new OpsError('FAILED', `No name was found for a slot of ${entry.id}.`);
}
