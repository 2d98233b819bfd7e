/** A backup to restore from, the cluster to restore into, and what is left of the servers that a restoration starts. */
import path from 'node:path';
import { expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { newBackupFolder } from './backup-folders.ts';
import type { ByteClients } from './byte-clients.ts';
import { type FormedCluster, type FormedClusterOptions, formCluster } from './formed-cluster.ts';
import { namesIn } from './key-slot.ts';
import { putAllKinds, type StoredKey, storedIn } from './keys-of-all-kinds.ts';
import { processesAt } from './processes-at.ts';
import { cluster } from './transcript.ts';
import type { StateFolder } from './watched-run.ts';

/** Of each of three shards: of all kinds, and plain ones, so that it takes a while. */
const [KINDS, PLAIN] = [160, 1500];
/** How many keys a {@link SavedBackup} has. */
export const SAVED_KEYS = 3 * (KINDS + PLAIN);
/** About two seconds for them, after the first second's worth, which is sent at once. */
export const SLOWLY = '--throttle 1000keys/s';
/** The function library of a {@link SavedBackup}, with the function `hello`. */
export const SAVED_LIBRARY = "#!lua name=greetings\nredis.register_function('hello', function() return 'hello' end)";

/** Three shards with keys of all kinds and a function, saved. */
export interface SavedBackup {
  readonly folder: string;
  readonly keys: readonly StoredKey[];
}

/** Makes a cluster of that server, fills it, backs it up with the program, and stops it. */
export async function saveBackup(clients: ByteClients, flavor: string): Promise<SavedBackup> {
  const formed = await formCluster({ shards: 3, replicas: 1, flavor });
  try {
    const ranges = [
      [0, 5000],
      [6000, 10_000],
      [11_000, 16_383],
    ] as const;
    await Promise.all(
      formed.primaries.map((node, index) =>
        putAllKinds(clients, node.address, present(ranges[index], 'three shards'), KINDS),
      ),
    );
    await Promise.all(
      formed.primaries.map((node, index) => {
        const [name = ''] = namesIn(present(ranges[index], 'three shards'), 'tag', 1);
        const script = `for i = 1, ${PLAIN} do redis.call('SET', KEYS[1] .. i, i) end`;
        return formed.call(node, 'EVAL', script, '1', `{${name}}`);
      }),
    );
    for (const node of formed.primaries) await formed.call(node, 'FUNCTION', 'LOAD', SAVED_LIBRARY);
    const keys = await keysOf(clients, formed);
    expect(keys).toHaveLength(SAVED_KEYS);
    const folder = path.join(newBackupFolder(), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    return { folder, keys };
  } finally {
    await formed.stop();
  }
}

/**
 * All keys of the cluster. Replicas of Redis 7.0 do not know how many entries of a stream a group has read, so a backup
 * that was taken from one does not either: that is left out.
 */
export async function keysOf(clients: ByteClients, { primaries }: FormedCluster): Promise<readonly StoredKey[]> {
  const stored = await storedIn(
    clients,
    primaries.map(({ address }) => address),
  );
  return stored.map((key) => ({ ...key, value: key.value.replace(ENTRIES_READ, '') }));
}

/** `entries-read N lag N`, in hexadecimal as names are. */
const ENTRIES_READ = /656e74726965732d72656164 \S+ 6c6167 [^\s\]]+/;

/** A cluster for `work`, stopped afterwards. */
export async function withTarget(
  options: FormedClusterOptions,
  work: (formed: FormedCluster) => Promise<void>,
): Promise<void> {
  const formed = await formCluster(options);
  try {
    await work(formed);
  } finally {
    await formed.stop();
  }
}

/** Servers that a restoration has started, and who watches over them. */
export function serversOf({ env }: StateFolder): readonly string[] {
  return processesAt(path.join(env.XDG_STATE_HOME, 'cluster/restore'));
}
