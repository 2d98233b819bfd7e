/** Against a server that speaks by script, with jobs in the form of the real replies of test/fixtures/slot-migrations. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { atomicValkey } from '../../../../src/lib/apply/move/atomic-valkey.ts';
import type { Reply } from '../../../../src/lib/redis/cluster.ts';
import { contextFor, jobOf } from '../../../support/move-context.ts';
import { type Exchange, error, scriptedCluster } from '../../../support/scripted-cluster.ts';
import { nodeId } from '../../../support/topology-builder.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../../fixtures/slot-migrations');
const LIST = '7000> CLUSTER GETSLOTMIGRATIONS';
const BEGIN = `7000> CLUSTER MIGRATESLOTS SLOTSRANGE 0 2 7 7 NODE ${nodeId('b')}`;
/** Can the target write what it is given? */
const LOOK: Exchange = {
  sent: '7001> INFO persistence',
  reply: 'rdb_last_bgsave_status:ok\r\naof_last_write_status:ok\r\n',
};
const CANCEL = '7000> CLUSTER CANCELSLOTMIGRATIONS';
/** Jobs of another day, all ended, as Valkey 9.1.2 lists them. */
const PAST = JSON.parse(
  readFileSync(path.join(FIXTURES, 'valkey-9.1.2-source-cancelled.json'), 'utf8'),
) as readonly Reply[];

const IDS = { ours: 'a'.repeat(40), theirs: 'b'.repeat(40) };

function job(
  state: string,
  { id = IDS.ours, message = '', slots = '0-2 7-7', target = nodeId('b') as string, ack = 1_795_398_071 } = {},
): Reply {
  return [
    ...['name', id, 'operation', 'EXPORT', 'slot_ranges', slots, 'target_node', target, 'source_node', nodeId('a')],
    ...['create_time', 1_795_398_071, 'last_update_time', 1_795_398_071, 'last_ack_time', ack],
    ...['state', state, 'message', message, 'cow_size', 0, 'remaining_repl_size', 0],
  ];
}

const theirs = job('snapshotting', { id: IDS.theirs, slots: '100-200' });

function lists(...jobs: readonly Reply[]): Exchange {
  return { sent: LIST, reply: [...jobs, ...PAST] };
}

function run(script: readonly Exchange[]) {
  const cluster = scriptedCluster(script);
  const context = contextFor(cluster);
  return { cluster, context, moving: atomicValkey.move(jobOf([0, 1, 2, 7]), context) };
}

const BEGUN: readonly Exchange[] = [lists(), LOOK, { sent: BEGIN, reply: 'OK' }, lists(job('connecting'))];

describe('moving slots inside Valkey 9', () => {
  it('begins a job at the source and follows it until it has succeeded', async () => {
    const { cluster, context, moving } = run([
      ...BEGUN,
      lists(job('snapshotting')),
      lists(job('failover-paused')),
      lists(job('success')),
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
    expect(context.reports).toEqual(['opening 0,1,2,7', 'closed 0,1,2,7']);
  });

  it.each(['rdb_last_bgsave_status', 'aof_last_write_status'])(
    'begins nothing with a target that would end itself: %s',
    async (field) => {
      const { cluster, context, moving } = run([lists(), { ...LOOK, reply: `${field}:err\r\n` }]);
      await expect(moving).rejects.toMatchObject({
        code: 'REFUSED',
        message: expect.stringMatching(/^Not moved atomically: 127\.0\.0\.1:7001 could not write its .* last time/),
      });
      expect(cluster.rest()).toEqual([]);
      expect(context.reports).toEqual([]);
    },
  );

  it('follows its own job and not that of somebody else to the same target', async () => {
    const { cluster, moving } = run([
      lists(),
      LOOK,
      { sent: BEGIN, reply: 'OK' },
      lists(theirs, job('connecting')),
      lists(job('success', { id: IDS.theirs, slots: '100-200' }), job('snapshotting')),
      lists(job('success')),
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
  });

  it('follows a job that an earlier attempt has begun instead of beginning another', async () => {
    const { cluster, context, moving } = run([lists(job('snapshotting')), lists(job('success'))]);
    await moving;
    expect(cluster.rest()).toEqual([]);
    expect(context.reports).toEqual(['opening 0,1,2,7', 'closed 0,1,2,7']);
  });

  it('begins anew after a job of the same slots that has failed', async () => {
    const failed = job('failed', { id: 'c'.repeat(40) });
    const { cluster, moving } = run([
      lists(failed),
      LOOK,
      { sent: BEGIN, reply: 'OK' },
      lists(job('connecting'), failed),
      lists(job('success'), failed),
    ]);
    await moving;
    expect(cluster.rest()).toEqual([]);
  });

  it.each([
    'ERR Slots are not served by this node.',
    'ERR I am already migrating slot 0.',
    'ERR Slots are being manually migrated',
  ])('takes a refusal for one: %s', async (text) => {
    const { moving } = run([lists(), LOOK, { sent: BEGIN, reply: error(text) }]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: `127.0.0.1:7000 refused an atomic migration: ${text}`,
      cause: { message: text },
    });
  });

  it('tells why a job has failed, in the words of the server', async () => {
    const message =
      'Connection lost to target. Check CLUSTER GETSLOTMIGRATIONS on the target node for more information.';
    const { moving } = run([...BEGUN, lists(job('failed', { message }))]);
    await expect(moving).rejects.toMatchObject({
      code: 'FAILED',
      message: `The atomic migration from 127.0.0.1:7000 to 127.0.0.1:7001 ended as failed: ${message}`,
    });
  });

  it('says what a protocol error mostly means', async () => {
    const { moving } = run([...BEGUN, lists(job('failed', { message: 'Protocol error from source' }))]);
    await expect(moving).rejects.toMatchObject({ suggestions: [expect.stringContaining('io-threads 1')] });
  });

  it.each(['failed', 'success'])('is loud about writes that may be lost, also where the job is a %s', async (state) => {
    const message = 'Unpaused before migration completed (migration may have succeeded with lost writes)';
    const { context, moving } = run([...BEGUN, lists(job(state, { message }))]);
    await expect(moving).rejects.toMatchObject({
      code: 'PARTIAL',
      message: expect.stringMatching(/^WRITES MAY BE LOST\. .*lost writes/),
    });
    expect(context.reports).toEqual(['opening 0,1,2,7']);
  });

  it('cancels its job at Ctrl-C where it is the only one', async () => {
    const { cluster, context, moving } = run([
      ...BEGUN,
      { ...lists(job('snapshotting')), meanwhile: () => context.operator.abort() },
      { sent: CANCEL, reply: 'OK' },
      lists(job('snapshotting')),
      lists(job('cancelled')),
    ]);
    await expect(moving).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(cluster.rest()).toEqual([]);
  });

  it('has moved the slots where the job was quicker than the cancelling', async () => {
    const { context, moving } = run([
      ...BEGUN,
      { ...lists(job('failover-granted')), meanwhile: () => context.operator.abort() },
      { sent: CANCEL, reply: error('ERR No migrations ongoing') },
      lists(job('success')),
    ]);
    await moving;
    expect(context.reports).toEqual(['opening 0,1,2,7', 'closed 0,1,2,7']);
  });

  it('leaves its job alone at Ctrl-C where the cancelling would hit others, and says so', async () => {
    const { cluster, context, moving } = run([
      ...BEGUN,
      { ...lists(theirs, job('snapshotting')), meanwhile: () => context.operator.abort() },
    ]);
    await expect(moving).rejects.toMatchObject({
      code: 'INTERRUPTED',
      message:
        'The atomic migration from 127.0.0.1:7000 to 127.0.0.1:7001 goes on inside the servers: cancelling it would cancel another migration of 127.0.0.1:7000 as well.',
    });
    expect(cluster.rest()).toEqual([]);
  });

  it('cancels a job without any sign of progress for ten minutes', async () => {
    const { context, moving } = run([
      ...BEGUN,
      { ...lists(job('waiting-to-snapshot')), times: 24_002 },
      { sent: CANCEL, reply: 'OK' },
      lists(job('cancelled')),
    ]);
    await expect(moving).rejects.toMatchObject({ code: 'FAILED', message: expect.stringContaining('cancelled') });
    expect(context.clock.now()).toBeGreaterThan(600_000);
  });

  it('takes an acknowledgement of the target for a sign of progress', async () => {
    const { context, moving } = run([
      ...BEGUN,
      { ...lists(job('snapshotting', { ack: 1 })), times: 20_000 },
      { ...lists(job('snapshotting', { ack: 2 })), times: 20_000 },
      lists(job('success')),
    ]);
    await moving;
    expect(context.clock.now()).toBeGreaterThan(900_000);
  });

  it('does not wait for ever for a job that was cancelled but does not end', async () => {
    const { context, moving } = run([
      ...BEGUN,
      { ...lists(job('snapshotting')), meanwhile: () => context.operator.abort() },
      { sent: CANCEL, reply: 'OK' },
      { ...lists(job('snapshotting')), times: 1000 },
    ]);
    await expect(moving).rejects.toThrow('was cancelled, but is still snapshotting after 10 s');
  });

  it('does not wait for a job that a restarted source has forgotten', async () => {
    const { moving } = run([...BEGUN, { sent: LIST, reply: [] }]);
    await expect(moving).rejects.toThrow('127.0.0.1:7000 does not list the atomic migration');
  });
});
