/** Every command that this program sends, word for word, and from which version on a server knows it. */
import { type Address, BUS_PORT_OFFSET, busPortOf } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { eachSlot, type SlotSet } from '../model/slot-set.ts';

/** A command and its arguments. */
export type Argv = readonly string[];

/** A command with keys or values among its arguments: these may be any bytes. */
export type ByteArgv = readonly (string | Buffer)[];

export interface MigrateArguments {
  readonly keys: readonly Buffer[];
  readonly database: number;
  readonly timeoutMs: number;
  readonly replace: boolean;
  /** Nothing, `AUTH password` or `AUTH2 user password`. */
  readonly login: readonly string[];
}

/** A builder for each command, named after it. `Since 7.0` is a version of Redis, and of Valkey from its first one on. */
export const argv = {
  // The connection.

  /** Since 1.0; with a user name since 6.0. */
  auth: (user: string | null, password: string): Argv => ['AUTH', ...(user === null ? [] : [user]), password],
  /** Since 2.6.9. No spaces. */
  clientSetName: (name: string): Argv => ['CLIENT', 'SETNAME', name],
  /** Since 5.0. */
  clientId: (): Argv => ['CLIENT', 'ID'],
  /** Since 6.2. The server's own end of the connection is `laddr`. */
  clientInfo: (): Argv => ['CLIENT', 'INFO'],
  /** Since 2.4; by type since 5.0. */
  clientList: (): Argv => ['CLIENT', 'LIST', 'TYPE', 'normal'],
  /** Since 1.0. */
  ping: (): Argv => ['PING'],

  // What a node knows and how it is set.

  /** Since 3.0. */
  clusterNodes: (): Argv => ['CLUSTER', 'NODES'],
  /** Since 3.0. */
  clusterInfo: (): Argv => ['CLUSTER', 'INFO'],
  /** Since 7.0. */
  clusterShards: (): Argv => ['CLUSTER', 'SHARDS'],
  /** Without sections: the server's default ones. Several sections since 7.0. */
  info: (...sections: readonly string[]): Argv => ['INFO', ...sections],
  /** Since 1.0. How many keys the selected database has. */
  databaseSize: (): Argv => ['DBSIZE'],
  /** Since 2.0. */
  configGet: (name: string): Argv => ['CONFIG', 'GET', name],
  /** Since 2.0. Holds until the server restarts: see {@link argv.configRewrite}. */
  configSet: (name: string, value: string): Argv => ['CONFIG', 'SET', name, value],
  /** Since 2.8. Refused by a server that was started without a configuration file. */
  configRewrite: (): Argv => ['CONFIG', 'REWRITE'],

  // Members of a cluster.

  /**
   * Since 3.0. The host is an IP address, because the server resolves no names. The bus port (since 4.0) is sent only where
   * the receiver would assume another.
   */
  clusterMeet: (address: Address): Argv => {
    const busPort = busPortOf(address);
    const isAssumed = busPort === address.port + BUS_PORT_OFFSET;
    return ['CLUSTER', 'MEET', address.host, `${address.port}`, ...(isAssumed ? [] : [`${busPort}`])];
  },
  /** Since 3.0. */
  clusterReplicate: (primaryId: NodeId): Argv => ['CLUSTER', 'REPLICATE', primaryId],
  /** Since 3.0. Bans the id for 60 s. Refused for a node's own primary, for itself, and for an id that it does not know. */
  clusterForget: (id: NodeId): Argv => ['CLUSTER', 'FORGET', id],
  /** Since 3.0. The node keeps its id and its epochs; otherwise as HARD: a replica drops its data and becomes a primary. */
  clusterResetSoft: (): Argv => ['CLUSTER', 'RESET', 'SOFT'],
  /** Since 3.0. Refused by a primary that holds keys. */
  clusterResetHard: (): Argv => ['CLUSTER', 'RESET', 'HARD'],
  /** Since 7.0. The libraries, one by one, with their code. */
  functionList: (): Argv => ['FUNCTION', 'LIST', 'WITHCODE'],
  /** Since 7.0. All libraries as one payload of bytes. */
  functionDump: (): Argv => ['FUNCTION', 'DUMP'],
  /** Since 7.0. All or nothing: `APPEND` is refused as a whole where a library of the same name is there. */
  functionRestore: (payload: Buffer, policy: 'APPEND' | 'REPLACE'): ByteArgv => [
    'FUNCTION',
    'RESTORE',
    payload,
    policy,
  ],

  // Slots and who owns them.

  /** Since 7.0. All or nothing. */
  clusterAddSlotsRange: (slots: SlotSet): Argv => ['CLUSTER', 'ADDSLOTSRANGE', ...slots.flat().map(String)],
  /** Since 3.0, for servers without ADDSLOTSRANGE. All or nothing. */
  clusterAddSlots: (slots: SlotSet): Argv => ['CLUSTER', 'ADDSLOTS', ...[...eachSlot(slots)].map(String)],
  /** Since 3.0. Refused where the slot has no owner in the node's view. Keys stay. */
  clusterDelSlots: (slot: number): Argv => ['CLUSTER', 'DELSLOTS', `${slot}`],
  /** Since 3.0. Refused once the node knows another, or has an epoch other than 0. */
  clusterSetConfigEpoch: (epoch: number): Argv => ['CLUSTER', 'SET-CONFIG-EPOCH', `${epoch}`],
  /** Since 3.0. The node takes a new epoch, the highest of all, unless it has that already. */
  clusterBumpEpoch: (): Argv => ['CLUSTER', 'BUMPEPOCH'],
  /** Since 3.0. */
  clusterCountKeysInSlot: (slot: number): Argv => ['CLUSTER', 'COUNTKEYSINSLOT', `${slot}`],
  /** Since 3.0. At most `count` keys of the slot, in no order. */
  clusterGetKeysInSlot: (slot: number, count: number): Argv => ['CLUSTER', 'GETKEYSINSLOT', `${slot}`, `${count}`],

  // Moving a slot key by key.

  /** Since 3.0. A move begins on the target FIRST (importing), then on the source (migrating). */
  clusterSetSlotImporting: (slot: number, source: NodeId): Argv => [
    'CLUSTER',
    'SETSLOT',
    `${slot}`,
    'IMPORTING',
    source,
  ],
  /** Since 3.0. */
  clusterSetSlotMigrating: (slot: number, target: NodeId): Argv => [
    'CLUSTER',
    'SETSLOT',
    `${slot}`,
    'MIGRATING',
    target,
  ],
  /**
   * KEYS since 3.0.6, AUTH 4.0.7, AUTH2 6.0. A source in cluster mode takes only keys of one slot. The timeout bounds each
   * wait of the source, not the whole command.
   */
  migrate: (target: Address, { keys, database, timeoutMs, replace, login }: MigrateArguments): ByteArgv => [
    'MIGRATE',
    target.host,
    `${target.port}`,
    '',
    `${database}`,
    `${timeoutMs}`,
    ...(replace ? ['REPLACE'] : []),
    ...login,
    'KEYS',
    ...keys,
  ],
  /** Since 3.0. A move ends on the target FIRST, then on the source, then on the others. */
  clusterSetSlotNode: (slot: number, owner: NodeId): Argv => ['CLUSTER', 'SETSLOT', `${slot}`, 'NODE', owner],
  /** Since 3.0. */
  clusterSetSlotStable: (slot: number): Argv => ['CLUSTER', 'SETSLOT', `${slot}`, 'STABLE'],
  /** Since 3.0. The next command on this connection may touch a slot that the node is importing. */
  asking: (): Argv => ['ASKING'],

  // Moving slots inside the servers.

  /** Since Valkey 9.0. To the source. The job that it begins runs inside the servers, whatever becomes of this program. */
  clusterMigrateSlots: (slots: SlotSet, target: NodeId): Argv => [
    'CLUSTER',
    'MIGRATESLOTS',
    'SLOTSRANGE',
    ...slots.flat().map(String),
    'NODE',
    target,
  ],
  /** Since Valkey 9.0. */
  clusterGetSlotMigrations: (): Argv => ['CLUSTER', 'GETSLOTMIGRATIONS'],
  /** Since Valkey 9.0. Cancels all jobs of which the node is the source. */
  clusterCancelSlotMigrations: (): Argv => ['CLUSTER', 'CANCELSLOTMIGRATIONS'],
  /** Since Redis 8.4. To the target. The reply is the id of the task. */
  clusterMigrationImport: (slots: SlotSet): Argv => ['CLUSTER', 'MIGRATION', 'IMPORT', ...slots.flat().map(String)],
  /** Since Redis 8.4. */
  clusterMigrationStatus: (id: string): Argv => ['CLUSTER', 'MIGRATION', 'STATUS', 'ID', id],
  /** Since Redis 8.4. */
  clusterMigrationStatusAll: (): Argv => ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'],
  /** Since Redis 8.4. To the target, because it would ask a source that had cancelled again. */
  clusterMigrationCancel: (id: string): Argv => ['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', id],

  // A key and its value.

  /** Since 1.0. */
  type: (key: Buffer): ByteArgv => ['TYPE', key],
  /** Since 2.6. */
  dump: (key: Buffer): ByteArgv => ['DUMP', key],
  /** Since 2.6. `payload` is what DUMP gave; `expiryMs` is the time that is left, 0 for a key that does not expire. */
  restore: (
    key: Buffer,
    payload: Buffer,
    { expiryMs, replace }: { readonly expiryMs: number; readonly replace: boolean },
  ): ByteArgv => ['RESTORE', key, `${expiryMs}`, payload, ...(replace ? ['REPLACE'] : [])],
  /** Since 2.6. In milliseconds; -1 for a key that does not expire, -2 where there is no such key. */
  expiry: (key: Buffer): ByteArgv => ['PTTL', key],
  /** Since 2.2.3. In seconds; refused where maxmemory-policy is one of LFU. */
  objectIdleTime: (key: Buffer): ByteArgv => ['OBJECT', 'IDLETIME', key],
  /** Since 4.0. In bytes; that of a collection is estimated from a sample of its elements. */
  memoryUsage: (key: Buffer): ByteArgv => ['MEMORY', 'USAGE', key],
  /** Since 1.0. */
  get: (key: Buffer): ByteArgv => ['GET', key],
  /** Since 2.0. */
  hashGetAll: (key: Buffer): ByteArgv => ['HGETALL', key],
  /** Since Redis 7.4 and Valkey 9.0. Milliseconds since 1970; -1 without expiry, -2 without such a field. */
  fieldExpiries: (key: Buffer, fields: readonly Buffer[]): ByteArgv => [
    'HPEXPIRETIME',
    key,
    'FIELDS',
    `${fields.length}`,
    ...fields,
  ],
  /** Since 1.0. */
  setMembers: (key: Buffer): ByteArgv => ['SMEMBERS', key],
  /** Since 1.0. */
  listRange: (key: Buffer): ByteArgv => ['LRANGE', key, '0', '-1'],
  /** Since 1.2. */
  sortedSetRange: (key: Buffer): ByteArgv => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  /** Since 6.0. Entries, groups, consumers and what is pending, all of them. */
  streamWhole: (key: Buffer): ByteArgv => ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
  /** Since 4.0. */
  unlink: (keys: readonly Buffer[]): ByteArgv => ['UNLINK', ...keys],

  // Many keys, and keys that change.

  /** Since 2.8. A page of keys and the cursor of the next page. A key that is there all the time is in at least one page. */
  scan: (cursor: string, count: number): Argv => ['SCAN', cursor, 'COUNT', `${count}`],
  /** Since 1.0. */
  randomKey: (): Argv => ['RANDOMKEY'],
  /** Since 2.6. */
  evaluate: (script: string, keys: readonly Buffer[], args: readonly (string | Buffer)[]): ByteArgv => [
    'EVAL',
    script,
    `${keys.length}`,
    ...keys,
    ...args,
  ],
  /** Since 2.2. EXEC does nothing where one of the keys has changed since. */
  watch: (keys: readonly Buffer[]): ByteArgv => ['WATCH', ...keys],
  /** Since 2.2. */
  unwatch: (): Argv => ['UNWATCH'],
  /** Since 1.2. */
  multi: (): Argv => ['MULTI'],
  /** Since 1.2. The reply is null where a watched key has changed. */
  exec: (): Argv => ['EXEC'],
  /** Since 3.0. Answers how many replicas have all that this connection wrote: once they are `replicas`, or after the time. */
  wait: (replicas: number, timeoutMs: number): Argv => ['WAIT', `${replicas}`, `${timeoutMs}`],
  /**
   * Since 6.0. For every key that changes, a message on the channel `__redis__:invalidate` goes to the connection with the id
   * `redirect`.
   */
  clientTracking: (redirect: number): Argv => ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', `${redirect}`, 'BCAST'],
  /** Since 6.2. Changes nothing; a server that knows it also knows CLIENT TRACKING as it is used here. */
  clientTrackingInfo: (): Argv => ['CLIENT', 'TRACKINGINFO'],
  /** Since 2.0. */
  subscribe: (channel: string): Argv => ['SUBSCRIBE', channel],

  // A snapshot, asked for as a replica asks.

  /** Since 7.0: nothing is to follow the snapshot. Older servers refuse this, and go on sending. */
  replconfRdbOnly: (): Argv => ['REPLCONF', 'rdb-only', '1'],
  /** Since 2.8.18: the snapshot may come as a stream whose length is not known beforehand. */
  replconfStream: (): Argv => ['REPLCONF', 'capa', 'eof'],
  /** Since Valkey 8.1: which version the receiver can read. Other servers refuse it. */
  replconfVersion: (version: string): Argv => ['REPLCONF', 'version', version],
  /** Since 2.8. Asks for a whole snapshot; the reply says where it stands in the history of writes. */
  psyncFromNothing: (): Argv => ['PSYNC', '?', '-1'],
} as const;
