/** Every command that this program sends, word for word, and from which version on a server knows it. */
import { type Address, BUS_PORT_OFFSET, busPortOf } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import { eachSlot, type SlotSet } from '../model/slot-set.ts';

/** A command and its arguments. */
export type Argv = readonly string[];

/** Builders, named after the commands. Versions are Redis'; Valkey knows all but the last, and one of its own. */
export const argv = {
  /** 3.0. */
  clusterNodes: (): Argv => ['CLUSTER', 'NODES'],
  /** 3.0. */
  clusterInfo: (): Argv => ['CLUSTER', 'INFO'],
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
  /** 3.0. Refused by a primary that holds keys. */
  clusterResetHard: (): Argv => ['CLUSTER', 'RESET', 'HARD'],
  /** 3.0. */
  clusterCountKeysInSlot: (slot: number): Argv => ['CLUSTER', 'COUNTKEYSINSLOT', `${slot}`],
  /** 1.0. The keys of the selected database. */
  databaseSize: (): Argv => ['DBSIZE'],
  /** 6.2; the server's own end of the connection is `laddr`. */
  clientInfo: (): Argv => ['CLIENT', 'INFO'],
  /** Valkey 9.0. */
  clusterGetSlotMigrations: (): Argv => ['CLUSTER', 'GETSLOTMIGRATIONS'],
  /** Redis 8.4. */
  clusterMigrationStatusAll: (): Argv => ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'],
} as const;
