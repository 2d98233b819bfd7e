import { expect, it } from 'vitest';
import { argv } from '../../../src/lib/wire/argv.ts';
import { nodeId } from '../../support/topology-builder.ts';

it.each([
  [argv.clusterNodes(), 'CLUSTER NODES'],
  [argv.clusterInfo(), 'CLUSTER INFO'],
  [argv.info(), 'INFO'],
  [argv.info('server', 'keyspace'), 'INFO server keyspace'],
  [argv.clientInfo(), 'CLIENT INFO'],
  [argv.databaseSize(), 'DBSIZE'],
  [argv.clusterMeet({ host: '10.0.0.1', port: 7000 }), 'CLUSTER MEET 10.0.0.1 7000'],
  [argv.clusterMeet({ host: '::1', port: 7000, busPort: 17000 }), 'CLUSTER MEET ::1 7000'],
  [argv.clusterMeet({ host: '10.0.0.1', port: 7000, busPort: 7777 }), 'CLUSTER MEET 10.0.0.1 7000 7777'],
  [
    argv.clusterAddSlotsRange([
      [0, 5],
      [9, 9],
    ]),
    'CLUSTER ADDSLOTSRANGE 0 5 9 9',
  ],
  [
    argv.clusterAddSlots([
      [0, 2],
      [9, 9],
    ]),
    'CLUSTER ADDSLOTS 0 1 2 9',
  ],
  [argv.clusterSetConfigEpoch(3), 'CLUSTER SET-CONFIG-EPOCH 3'],
  [argv.clusterReplicate(nodeId('a')), `CLUSTER REPLICATE ${nodeId('a')}`],
  [argv.clusterResetHard(), 'CLUSTER RESET HARD'],
  [argv.clusterCountKeysInSlot(42), 'CLUSTER COUNTKEYSINSLOT 42'],
  [argv.clusterGetSlotMigrations(), 'CLUSTER GETSLOTMIGRATIONS'],
  [argv.clusterMigrationStatusAll(), 'CLUSTER MIGRATION STATUS ALL'],
])('%j is %s', (built, words) => {
  expect(built).toEqual(words.split(' '));
});
