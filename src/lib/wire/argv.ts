/** Every command that this program sends, word for word, and from which version on a server knows it. */
import { type Address, BUS_PORT_OFFSET, busPortOf } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { eachSlot, type SlotSet } from '../model/slot-set.ts';

/** A command and its arguments. */
export type Argv = readonly string[];

/** One with keys or values among its arguments, which may be any bytes. */
export type ByteArgv = readonly (string | Buffer)[];

export interface MigrateArguments {
  readonly keys: readonly Buffer[];
  readonly database: number;
  readonly timeoutMs: number;
  readonly replace: boolean;
  /** Nothing, `AUTH password` or `AUTH2 user password`. */
  readonly login: readonly string[];
}

/** Builders, named after the commands. Versions are Redis'; Valkey knows all but the last, and one of its own. */
export const argv = {
  /** 3.0. */
  clusterNodes: (): Argv => ['CLUSTER', 'NODES'],
  /** 3.0. */
  clusterInfo: (): Argv => ['CLUSTER', 'INFO'],
  /** 7.0. */
  clusterShards: (): Argv => ['CLUSTER', 'SHARDS'],
  /** More than one section: 7.0. Without sections: the server's default ones. */
  info: (...sections: readonly string[]): Argv => ['INFO', ...sections],
  /**
   * 3.0; the bus port, 4.0, is sent only where the receiver would assume another. The host is an IP address: the
   * server resolves no names.
   */
  clusterMeet: (address: Address): Argv => {
    const busPort = busPortOf(address);
    const isAssumed = busPort === address.port + BUS_PORT_OFFSET;
    return ['CLUSTER', 'MEET', address.host, `${address.port}`, ...(isAssumed ? [] : [`${busPort}`])];
  },
  /** 7.0. All or nothing. */
  clusterAddSlotsRange: (slots: SlotSet): Argv => ['CLUSTER', 'ADDSLOTSRANGE', ...slots.flat().map(String)],
  /** 3.0, for servers without ADDSLOTSRANGE. All or nothing. */
  clusterAddSlots: (slots: SlotSet): Argv => ['CLUSTER', 'ADDSLOTS', ...[...eachSlot(slots)].map(String)],
  /** 3.0. Refused once the node knows another, or has an epoch other than 0. */
  clusterSetConfigEpoch: (epoch: number): Argv => ['CLUSTER', 'SET-CONFIG-EPOCH', `${epoch}`],
  /** 3.0. */
  clusterReplicate: (primaryId: NodeId): Argv => ['CLUSTER', 'REPLICATE', primaryId],
  /** 3.0. Refused where the slot has no owner in the node's view. Keys stay. */
  clusterDelSlots: (slot: number): Argv => ['CLUSTER', 'DELSLOTS', `${slot}`],
  /** 3.0. A new epoch, the highest of all, unless the node has that already. */
  clusterBumpEpoch: (): Argv => ['CLUSTER', 'BUMPEPOCH'],
  /** 2.2.3. Seconds; refused under an LFU policy. */
  objectIdleTime: (key: Buffer): ByteArgv => ['OBJECT', 'IDLETIME', key],
  /** 3.0. Refused by a primary that holds keys. */
  clusterResetHard: (): Argv => ['CLUSTER', 'RESET', 'HARD'],
  /** 3.0. Keeps id and epochs, and is otherwise as HARD: a replica drops its data and becomes a primary. */
  clusterResetSoft: (): Argv => ['CLUSTER', 'RESET', 'SOFT'],
  /** 3.0. The id is banned for 60 s. Refused for a node's own primary, for itself, and for an id that it does not know. */
  clusterForget: (id: NodeId): Argv => ['CLUSTER', 'FORGET', id],
  /** 7.0. The libraries, one by one, with their code. */
  functionList: (): Argv => ['FUNCTION', 'LIST', 'WITHCODE'],
  /** 7.0. All libraries as one payload of bytes. */
  functionDump: (): Argv => ['FUNCTION', 'DUMP'],
  /** 7.0. All or nothing: `APPEND` is refused as a whole where a library of the same name is there. */
  functionRestore: (payload: Buffer, policy: 'APPEND' | 'REPLACE'): ByteArgv => [
    'FUNCTION',
    'RESTORE',
    payload,
    policy,
  ],
  /** 3.0. */
  clusterCountKeysInSlot: (slot: number): Argv => ['CLUSTER', 'COUNTKEYSINSLOT', `${slot}`],
  /** 1.0. The keys of the selected database. */
  databaseSize: (): Argv => ['DBSIZE'],
  /** 6.2; the server's own end of the connection is `laddr`. */
  clientInfo: (): Argv => ['CLIENT', 'INFO'],
  /** 3.0. The receiver is BEFORE the giver: `importing` on the target, then `migrating` on the source. */
  clusterSetSlotImporting: (slot: number, source: NodeId): Argv => [
    'CLUSTER',
    'SETSLOT',
    `${slot}`,
    'IMPORTING',
    source,
  ],
  /** 3.0. */
  clusterSetSlotMigrating: (slot: number, target: NodeId): Argv => [
    'CLUSTER',
    'SETSLOT',
    `${slot}`,
    'MIGRATING',
    target,
  ],
  /** 3.0. At the end of a move on the target FIRST, then the source, then the others. */
  clusterSetSlotNode: (slot: number, owner: NodeId): Argv => ['CLUSTER', 'SETSLOT', `${slot}`, 'NODE', owner],
  /** 3.0. */
  clusterSetSlotStable: (slot: number): Argv => ['CLUSTER', 'SETSLOT', `${slot}`, 'STABLE'],
  /** 3.0. At most `count` keys of the slot, in no order. */
  clusterGetKeysInSlot: (slot: number, count: number): Argv => ['CLUSTER', 'GETKEYSINSLOT', `${slot}`, `${count}`],
  /**
   * KEYS 3.0.6, AUTH 4.0.7, AUTH2 6.0. All keys are of one slot where the source is in cluster mode. The timeout bounds
   * each wait of the source, in milliseconds.
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
  /** 6.0 with a user name; without one 1.0. */
  auth: (user: string | null, password: string): Argv => ['AUTH', ...(user === null ? [] : [user]), password],
  /** 2.6.9. No spaces. */
  clientSetName: (name: string): Argv => ['CLIENT', 'SETNAME', name],
  /** 7.0: after the snapshot nothing more is wanted. Older servers refuse it, and go on sending. */
  replconfRdbOnly: (): Argv => ['REPLCONF', 'rdb-only', '1'],
  /** 2.8.18: the snapshot may be a stream whose length is not known. */
  replconfStream: (): Argv => ['REPLCONF', 'capa', 'eof'],
  /** Valkey 8.1: which version the receiver can read. Others refuse it. */
  replconfVersion: (version: string): Argv => ['REPLCONF', 'version', version],
  /** 2.8. A whole snapshot, and where it stands in the history of writes. */
  psyncFromNothing: (): Argv => ['PSYNC', '?', '-1'],
  /** 2.6. */
  evaluate: (script: string, keys: readonly Buffer[], args: readonly (string | Buffer)[]): ByteArgv => [
    'EVAL',
    script,
    `${keys.length}`,
    ...keys,
    ...args,
  ],
  /** 3.0. The next command may touch a slot that is being imported. */
  asking: (): Argv => ['ASKING'],
  /** 1.0. */
  type: (key: Buffer): ByteArgv => ['TYPE', key],
  /** 2.6. */
  dump: (key: Buffer): ByteArgv => ['DUMP', key],
  /** 2.6. Milliseconds; -1 without expiry, -2 without key. */
  expiry: (key: Buffer): ByteArgv => ['PTTL', key],
  /** 2.0. */
  hashGetAll: (key: Buffer): ByteArgv => ['HGETALL', key],
  /** Redis 7.4, Valkey 9.0. Milliseconds since 1970; -1 without expiry, -2 without such a field. */
  fieldExpiries: (key: Buffer, fields: readonly Buffer[]): ByteArgv => [
    'HPEXPIRETIME',
    key,
    'FIELDS',
    `${fields.length}`,
    ...fields,
  ],
  /** 1.0. */
  setMembers: (key: Buffer): ByteArgv => ['SMEMBERS', key],
  /** 4.0. Bytes; of a collection by a sample of its elements. */
  memoryUsage: (key: Buffer): ByteArgv => ['MEMORY', 'USAGE', key],
  /** 2.0. */
  configGet: (name: string): Argv => ['CONFIG', 'GET', name],
  /** 2.0. Until the server restarts. */
  configSet: (name: string, value: string): Argv => ['CONFIG', 'SET', name, value],
  /** 2.8. Refused by a server that was started without a configuration file. */
  configRewrite: (): Argv => ['CONFIG', 'REWRITE'],
  /** 2.8. A page of keys, and the cursor of the next; every key that is there all the time is in some page. */
  scan: (cursor: string, count: number): Argv => ['SCAN', cursor, 'COUNT', `${count}`],
  /** 2.6. `payload` is what DUMP gave. The remaining time in milliseconds; 0 is for ever. */
  restore: (
    key: Buffer,
    payload: Buffer,
    { expiryMs, replace }: { readonly expiryMs: number; readonly replace: boolean },
  ): ByteArgv => ['RESTORE', key, `${expiryMs}`, payload, ...(replace ? ['REPLACE'] : [])],
  /** 2.2. EXEC does nothing where one of the keys has changed since. */
  watch: (keys: readonly Buffer[]): ByteArgv => ['WATCH', ...keys],
  /** 2.2. */
  unwatch: (): Argv => ['UNWATCH'],
  /** 1.2. */
  multi: (): Argv => ['MULTI'],
  /** 1.2. Null where a watched key has changed. */
  exec: (): Argv => ['EXEC'],
  /** 4.0. */
  unlink: (keys: readonly Buffer[]): ByteArgv => ['UNLINK', ...keys],
  /** 3.0. How many replicas have all that this connection wrote, once they are `replicas` or the time is up. */
  wait: (replicas: number, timeoutMs: number): Argv => ['WAIT', `${replicas}`, `${timeoutMs}`],
  /** 1.0. */
  get: (key: Buffer): ByteArgv => ['GET', key],
  /** 1.0. */
  listRange: (key: Buffer): ByteArgv => ['LRANGE', key, '0', '-1'],
  /** 1.2. */
  sortedSetRange: (key: Buffer): ByteArgv => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  /** 1.0. */
  randomKey: (): Argv => ['RANDOMKEY'],
  /** 6.0. Entries, groups, consumers and what is pending, all of them. */
  streamWhole: (key: Buffer): ByteArgv => ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
  /** 5.0. */
  clientId: (): Argv => ['CLIENT', 'ID'],
  /** 6.0. Messages of the channel `__redis__:invalidate` to the connection of that id, for changes of all keys. */
  clientTracking: (redirect: number): Argv => ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', `${redirect}`, 'BCAST'],
  /** 6.2, as tracking in the form that is used here (6.0) is seen to be there. Changes nothing. */
  clientTrackingInfo: (): Argv => ['CLIENT', 'TRACKINGINFO'],
  /** 2.0. */
  subscribe: (channel: string): Argv => ['SUBSCRIBE', channel],
  /** 1.0. */
  ping: (): Argv => ['PING'],
  /** 2.4; by type 5.0. */
  clientList: (): Argv => ['CLIENT', 'LIST', 'TYPE', 'normal'],
  /** Valkey 9.0. To the source; the job it begins goes on without us. */
  clusterMigrateSlots: (slots: SlotSet, target: NodeId): Argv => [
    'CLUSTER',
    'MIGRATESLOTS',
    'SLOTSRANGE',
    ...slots.flat().map(String),
    'NODE',
    target,
  ],
  /** Valkey 9.0. All jobs of which the node is the source. */
  clusterCancelSlotMigrations: (): Argv => ['CLUSTER', 'CANCELSLOTMIGRATIONS'],
  /** Valkey 9.0. */
  clusterGetSlotMigrations: (): Argv => ['CLUSTER', 'GETSLOTMIGRATIONS'],
  /** Redis 8.4. To the target; the reply is the id of the task. */
  clusterMigrationImport: (slots: SlotSet): Argv => ['CLUSTER', 'MIGRATION', 'IMPORT', ...slots.flat().map(String)],
  /** Redis 8.4. */
  clusterMigrationStatus: (id: string): Argv => ['CLUSTER', 'MIGRATION', 'STATUS', 'ID', id],
  /** Redis 8.4. To the target: a cancelled source would be asked again. */
  clusterMigrationCancel: (id: string): Argv => ['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', id],
  /** Redis 8.4. */
  clusterMigrationStatusAll: (): Argv => ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'],
} as const;
