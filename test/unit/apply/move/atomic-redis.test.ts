/**
 * How a migration inside Redis goes, against servers that answer by script: what live ones do not do when a test would
 * like them to. With live servers: test/live/move-atomic-redis.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { error } from '../../../support/scripted-cluster.ts';
import {
  CANCEL,
  FORGET,
  ID,
  IMPORT,
  looksMeanwhile,
  moveAgainst,
  STATUS,
  task,
} from '../../../support/scripted-migration.ts';

describe('moving slots inside Redis 8.4', () => {
  it('asks the target for a task and follows it until it is completed', async () => {
    const { cluster, context, moving } = moveAgainst([
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
      const { cluster, moving } = moveAgainst([
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
    const { context, moving } = moveAgainst([{ sent: IMPORT, reply: busy, times: 5000 }]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: `127.0.0.1:7001 refused an atomic migration: ${busy.message}`,
    });
    expect(context.clock.now()).toBeGreaterThanOrEqual(60_000);
    expect(context.clock.now()).toBeLessThan(61_000);
  });

  it('bears a failure that the target mends by itself', async () => {
    const { moving } = moveAgainst([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('failed', { retries: 1, lastError: 'RDB channel broke' }) },
      { sent: STATUS, reply: task('streaming-buffer', { retries: 1 }) },
      { sent: STATUS, reply: task('completed', { retries: 1 }) },
    ]);
    await moving;
  });

  it('cancels a task that has failed three times, with what the server says', async () => {
    const { cluster, context, moving } = moveAgainst([
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
    const { context, moving } = moveAgainst([
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
    const { cluster, context, moving } = moveAgainst([
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
    const { context, moving } = moveAgainst([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('takeover'), meanwhile: () => context.operator.abort() },
      { sent: CANCEL, reply: 0 },
      { sent: STATUS, reply: task('completed') },
    ]);
    await moving;
    expect(context.reports).toEqual(['opening 0,1,2,7', 'closed 0,1,2,7']);
  });

  it('does not cancel a task that somebody else has cancelled', async () => {
    const { cluster, moving } = moveAgainst([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('canceled') },
    ]);
    await expect(moving).rejects.toThrow('was given up: it ended as canceled');
    expect(cluster.rest()).toEqual([]);
  });

  it('does not cancel a task that the target does not know any more', async () => {
    const { cluster, moving } = moveAgainst([
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
    const { moving } = moveAgainst([{ sent: IMPORT, reply: error(text) }]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: `127.0.0.1:7001 refused an atomic migration: ${text}`,
      cause: { message: text },
    });
  });

  it('names the node that does not tell how the task is', async () => {
    const { moving } = moveAgainst([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: error('NOPERM this user has no permissions') },
    ]);
    await expect(moving).rejects.toThrow('127.0.0.1:7001 does not tell how the migration is: NOPERM');
  });

  it('bears a retry that has got further, however many there were', async () => {
    const { cluster, moving } = moveAgainst([
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
    const { cluster, moving } = moveAgainst([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('failed', { retries: 59, lastError }) },
      { sent: STATUS, reply: task('completed', { retries: 60 }) },
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
  });
});
