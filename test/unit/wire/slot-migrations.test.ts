import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../src/lib/wire/resp.ts';
import { parseGetSlotMigrations, parseMigrationStatus } from '../../../src/lib/wire/slot-migrations.ts';
import { nodeId } from '../../support/topology-builder.ts';

const A = nodeId('a');
const B = nodeId('b');

function fixture(name: string): Reply {
  return JSON.parse(readFileSync(`test/fixtures/slot-migrations/${name}.json`, 'utf8')) as Reply;
}

describe('parseGetSlotMigrations', () => {
  const source = parseGetSlotMigrations(fixture('valkey-9.1.2-source'));

  it('reads a job that is running', () => {
    expect(source[0]).toEqual({
      id: '1ec784e0ece921c5feef179120c0de448c8d9f96',
      side: 'source',
      slotRanges: '200-300',
      sourceId: 'bc95bfadc144acca44e790f3cb024d42d866f647',
      targetId: '8023920d75a4d8470d133d6a4ced23fd380081d3',
      state: 'reading-establish-response',
      isRunning: true,
      message: '',
    });
  });

  it('keeps the order, and what the server says of each', () => {
    expect(source.map(({ slotRanges, state, isRunning }) => [slotRanges, state, isRunning])).toEqual([
      ['200-300', 'reading-establish-response', true],
      ['60-70', 'failed', false],
      ['51-51', 'success', false],
      ['0-5 100-102', 'success', false],
    ]);
    expect(source[1]?.message).toBe(
      'Received error during handshake to target: -ERR Slot migration can only be used on primary nodes.',
    );
  });

  it('a cancelled job is over on the source, and failed on the target, under the same id', () => {
    const [cancelled] = parseGetSlotMigrations(fixture('valkey-9.1.2-source-cancelled'));
    expect(cancelled).toMatchObject({ state: 'cancelled', isRunning: false });
    const target = parseGetSlotMigrations(fixture('valkey-9.1.2-target'));
    expect(target.find(({ id }) => id === cancelled?.id)).toMatchObject({
      side: 'target',
      state: 'failed',
      isRunning: false,
    });
  });

  it('does without the nodes, which replicas of the target leave out', () => {
    const job = [
      'name',
      'x',
      'operation',
      'IMPORT',
      'slot_ranges',
      '1-1',
      'state',
      'receiving-snapshot',
      'message',
      '',
    ];
    expect(parseGetSlotMigrations([job])).toMatchObject([{ sourceId: null, targetId: null, isRunning: true }]);
  });

  it.each([
    ['OK', 'the reply'],
    [[['name']], 'a job'],
    [[['name', 'x']], '"operation"'],
    [[['operation', 'COPY']], 'the operation'],
    [[['operation', 'EXPORT']], '"state"'],
  ] as const)('refuses %j', (reply, what) => {
    expect(() => parseGetSlotMigrations(reply)).toThrow(
      expect.objectContaining({
        code: 'PROTOCOL',
        message: expect.stringContaining(`CLUSTER GETSLOTMIGRATIONS so that ${what} cannot be read`),
      }),
    );
  });
});

describe('parseMigrationStatus', () => {
  /** In the words of Redis 8.6.3. */
  function job(operation: string, state: string): Reply {
    const names = ['id', 'task', 'slots', '0-100 200-300', 'source', A, 'dest', B, 'operation', operation];
    const times = ['create_time', 1, 'start_time', 2, 'end_time', -1, 'write_pause_ms', 0];
    return [...names, 'state', state, 'last_error', '', 'retries', 0, ...times];
  }

  it('reads a task', () => {
    expect(parseMigrationStatus([job('migrate', 'send-stream')])).toEqual([
      {
        id: 'task',
        side: 'source',
        slotRanges: '0-100 200-300',
        sourceId: A,
        targetId: B,
        state: 'send-stream',
        isRunning: true,
        message: '',
        retries: 0,
      },
    ]);
  });

  it.each([
    ['import', 'streaming-buffer', true],
    ['import', 'completed', false],
    ['import', 'canceled', false],
    ['import', 'failed', true],
    ['migrate', 'failed', false],
    ['migrate', 'completed', false],
  ])('an %s task that is %s: still running is %s', (operation, state, isRunning) => {
    expect(parseMigrationStatus([job(operation, state)])[0]?.isRunning).toBe(isRunning);
  });

  it('reads no tasks', () => {
    expect(parseMigrationStatus([])).toEqual([]);
  });
});
