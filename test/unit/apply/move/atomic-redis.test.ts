/**
 * Against a server that speaks the protocol of Redis 8.4 and later by script, as Redis 8.6.3 speaks it: what a live server
 * does not do when a test would like it to. Each test is the wire: what is sent, in this order and nothing else, and what
 * the server answers. With live servers: test/live/move-atomic-redis.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { atomicRedis } from '../../../../src/lib/apply/move/atomic-redis.ts';
import type { Reply } from '../../../../src/lib/redis/cluster.ts';
import { contextFor, jobOf } from '../../../support/move-context.ts';
import { type Exchange, error, scriptedCluster } from '../../../support/scripted-cluster.ts';
import { nodeId } from '../../../support/topology-builder.ts';

const ID = '24cf41718b20f7f05901743dffc40bc9b15db339';
const SLOTS = [0, 1, 2, 7];
const IMPORT = '7001> CLUSTER MIGRATION IMPORT 0 2 7 7';
const STATUS = `7001> CLUSTER MIGRATION STATUS ID ${ID}`;
const MEMORY = 'used_memory:1000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n';
const FULL = 'used_memory:1001\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n';
const FORGET = `7000> CLUSTER MIGRATION CANCEL ID ${ID}`;
const CANCEL = `7001> CLUSTER MIGRATION CANCEL ID ${ID}`;

/** As Redis 8.6.3 prints it in RESP2. */
function task(state: string, { retries = 0, lastError = '' } = {}): Reply {
  const fields = {
    id: ID,
    slots: '0-2 7-7',
    source: nodeId('a'),
    dest: nodeId('b'),
    operation: 'import',
    state,
    last_error: lastError,
    retries: `${retries}`,
    create_time: 1_757_934_684_228,
    start_time: 1_757_934_684_270,
    end_time: -1,
    write_pause_ms: 0,
  };
  return [Object.entries(fields).flat()];
}

/** Before a task is begun: has the target keys of these slots, and has it memory? */
function looks({ keys = 0, memory = MEMORY } = {}): readonly Exchange[] {
  return [
    ...SLOTS.flatMap((slot) => [
      { sent: `7001> CLUSTER SETSLOT ${slot} IMPORTING ${nodeId('a')}`, reply: 'OK' },
      { sent: `7001> CLUSTER COUNTKEYSINSLOT ${slot}`, reply: slot === 7 ? keys : 0 },
      { sent: `7001> CLUSTER SETSLOT ${slot} STABLE`, reply: 'OK' },
    ]),
    ...(keys === 0 ? [{ sent: '7001> INFO memory replication persistence', reply: memory }] : []),
  ];
}

/** What is looked at meanwhile, four times a second. */
function looksMeanwhile({ memory = MEMORY, source = 'master' } = {}): readonly Exchange[] {
  const isFull = memory !== MEMORY;
  const nodes = `${nodeId('a')} 127.0.0.1:7000@17000 ${source} - 0 0 1 connected 0-16383\n`;
  return [
    { sent: '7001> INFO memory replication persistence', reply: memory },
    ...(isFull ? [] : [{ sent: '7001> CLUSTER NODES', reply: nodes }]),
  ];
}

function run(rest: readonly Exchange[], before = looks()) {
  const script = [...before, ...rest];
  const cluster = scriptedCluster(script);
  const context = contextFor(cluster);
  return { cluster, context, moving: atomicRedis.move(jobOf(SLOTS), context) };
}

describe('moving slots inside Redis 8.4', () => {
  it('asks the target for a task and follows it until it is completed', async () => {
    const { cluster, context, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('connecting') },
      { sent: STATUS, reply: task('accumulate-buffer') },
      { sent: STATUS, reply: task('takeover') },
      { sent: STATUS, reply: task('completed') },
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
    expect(context.reports).toEqual(['opening 0,1,2,7', 'closed 0,1,2,7']);
  });

  it.each(['ERR another ASM task is already in progress', 'ERR overlapping import exists for slot range: 0-2'])(
    'waits while the node is busy: %s',
    async (busy) => {
      const { cluster, moving } = run([
        { sent: IMPORT, reply: error(busy), times: 3 },
        { sent: IMPORT, reply: ID },
        { sent: STATUS, reply: task('completed') },
      ]);
      await moving;
      expect(cluster.rest()).toEqual([]);
    },
  );

  it('gives up a node that stays busy for a minute', async () => {
    const busy = error('ERR another ASM task is already in progress');
    const { context, moving } = run([{ sent: IMPORT, reply: busy, times: 5000 }]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: `127.0.0.1:7001 refused an atomic migration: ${busy.message}`,
    });
    expect(context.clock.now()).toBeGreaterThanOrEqual(60_000);
    expect(context.clock.now()).toBeLessThan(61_000);
  });

  it('bears a failure that the target mends by itself', async () => {
    const { moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('failed', { retries: 1, lastError: 'RDB channel broke' }) },
      { sent: STATUS, reply: task('streaming-buffer', { retries: 1 }) },
      { sent: STATUS, reply: task('completed', { retries: 1 }) },
    ]);
    await moving;
  });

  it('cancels a task that has failed three times, with what the server says', async () => {
    const { cluster, context, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('failed', { retries: 1, lastError: 'RDB channel broke' }) },
      { sent: STATUS, reply: task('failed', { retries: 3, lastError: 'RDB channel broke' }) },
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled', { retries: 3 }) },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: 'The atomic migration from 127.0.0.1:7000 to 127.0.0.1:7001 was cancelled: RDB channel broke',
    });
    expect(cluster.rest()).toEqual([]);
    expect(context.reports).toEqual(['opening 0,1,2,7']);
  });

  it('cancels a task that is in one state for ten minutes', async () => {
    const { context, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('wait-stream-eof'), times: 10 },
      ...Array.from({ length: 2399 }, () => [
        { sent: STATUS, reply: task('wait-stream-eof') },
        ...looksMeanwhile(),
        { sent: STATUS, reply: task('wait-stream-eof'), times: 9 },
      ]).flat(),
      { sent: STATUS, reply: task('wait-stream-eof') },
      ...looksMeanwhile(),
      { sent: STATUS, reply: task('wait-stream-eof') },
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toThrow('was cancelled: it has been wait-stream-eof for 600 s');
    expect(context.clock.now()).toBeGreaterThan(600_000);
  });

  it('cancels at Ctrl-C, on the target', async () => {
    const { cluster, context, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('connecting'), meanwhile: () => context.operator.abort() },
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(cluster.rest()).toEqual([]);
    expect(context.reports).toEqual(['opening 0,1,2,7']);
  });

  it('has moved the slots where the task was quicker than the cancelling', async () => {
    const { context, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('takeover'), meanwhile: () => context.operator.abort() },
      { sent: CANCEL, reply: 0 },
      { sent: STATUS, reply: task('completed') },
    ]);
    await moving;
    expect(context.reports).toEqual(['opening 0,1,2,7', 'closed 0,1,2,7']);
  });

  it('does not cancel a task that somebody else has cancelled', async () => {
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('canceled') },
    ]);
    await expect(moving).rejects.toThrow('was given up: it ended as canceled');
    expect(cluster.rest()).toEqual([]);
  });

  it('does not cancel a task that the target does not know any more', async () => {
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: [] },
    ]);
    await expect(moving).rejects.toThrow('was given up: the target does not know the task any more');
    expect(cluster.rest()).toEqual([]);
  });

  it.each([
    'ERR slot migration not allowed on replica.',
    'ERR all slot states must be STABLE to start a slot migration task.',
    'ERR slots belong to different source nodes',
    'ERR this node is already the owner of the slot range',
    'ERR unknown subcommand',
  ])('takes a refusal for one: %s', async (text) => {
    const { moving } = run([{ sent: IMPORT, reply: error(text) }]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: `127.0.0.1:7001 refused an atomic migration: ${text}`,
      cause: { message: text },
    });
  });

  it('names the node that does not tell how the task is', async () => {
    const { moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: error('NOPERM this user has no permissions') },
    ]);
    await expect(moving).rejects.toThrow('127.0.0.1:7001 does not tell how the migration is: NOPERM');
  });

  it('bears a retry that has got further, however many there were', async () => {
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('accumulate-buffer', { retries: 3, lastError: 'Connection refused' }) },
      { sent: STATUS, reply: task('completed', { retries: 3 }) },
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
  });

  it('waits for a source that is busy with another task', async () => {
    const lastError =
      'Error reply to CLUSTER SYNCSLOTS SYNC from the source: -ERR Another ASM task is already in progress';
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('failed', { retries: 59, lastError }) },
      { sent: STATUS, reply: task('completed', { retries: 60 }) },
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
  });

  it('begins nothing where the target has keys of a slot, which the server would delete', async () => {
    const { cluster, context, moving } = run(
      [{ sent: '7001> CLUSTER INFO', reply: 'cluster_state:ok\r\n' }],
      looks({ keys: 1 }),
    );
    await expect(moving).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('127.0.0.1:7001 has keys of slot 7 already'),
    });
    expect(cluster.rest()).toEqual([]);
    expect(context.reports).toEqual([]);
  });

  it('waits while these keys are what a migration before has left', async () => {
    const trimming = 'cluster_slot_migration_active_trim_running:1\r\n';
    const { cluster, moving } = run(
      [...looks(), { sent: IMPORT, reply: ID }, { sent: STATUS, reply: task('completed') }],
      [...looks({ keys: 1 }), { sent: '7001> CLUSTER INFO', reply: trimming }],
    );
    await moving;
    expect(cluster.rest()).toEqual([]);
  });

  it('begins nothing where the target has no memory', async () => {
    const { context, moving } = run([], looks({ memory: FULL }));
    await expect(moving).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('127.0.0.1:7001 would use more memory than its maxmemory'),
    });
    expect(context.reports).toEqual([]);
  });

  it('cancels where the target runs out of memory, which it would not do by itself', async () => {
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('accumulate-buffer'), times: 11 },
      ...looksMeanwhile({ memory: FULL }),
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toMatchObject({ code: 'REFUSED' });
    expect(cluster.rest()).toEqual([]);
  });

  it.each(['rdb_last_bgsave_status:err', 'aof_last_write_status:err', 'min_slaves_good_slaves:1'])(
    'begins nothing with a target that refuses writes, or may: %s',
    async (line) => {
      const { cluster, moving } = run([], looks({ memory: `${MEMORY}${line}\r\n` }));
      await expect(moving).rejects.toMatchObject({ code: 'REFUSED' });
      expect(cluster.rest()).toEqual([]);
    },
  );

  it('cancels where the target begins to refuse writes meanwhile', async () => {
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('accumulate-buffer'), times: 11 },
      { sent: '7001> INFO memory replication persistence', reply: `${MEMORY}min_slaves_good_slaves:1\r\n` },
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toMatchObject({ code: 'REFUSED' });
    expect(cluster.rest()).toEqual([]);
  });

  it('cancels where the source has failed, instead of waiting for repl-timeout', async () => {
    const { cluster, moving } = run([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('wait-stream-eof'), times: 11 },
      ...looksMeanwhile({ source: 'master,fail' }),
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: expect.stringContaining('127.0.0.1:7000 is not in charge any more'),
    });
    expect(cluster.rest()).toEqual([]);
  });
});
