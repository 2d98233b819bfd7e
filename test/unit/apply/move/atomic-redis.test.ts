/**
 * Against a server that speaks the documented protocol of Redis 8.4 by script; no live server of that version was at
 * hand. Each test is the wire: what is sent, in this order and nothing else, and what the server answers.
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
const CANCEL = `7001> CLUSTER MIGRATION CANCEL ID ${ID}`;

/** As the documentation of Redis 8.4 prints it, flat as in RESP2. */
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

function run(script: readonly Exchange[]) {
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
      { sent: STATUS, reply: task('wait-stream-eof'), times: 24_002 },
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
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
});
