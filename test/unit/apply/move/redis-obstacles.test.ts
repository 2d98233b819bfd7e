/** What these servers do not check themselves before and during a migration, and `cluster` therefore does. */
import { describe, expect, it } from 'vitest';
import {
  CANCEL,
  FORGET,
  FULL,
  ID,
  IMPORT,
  LOOK,
  looks,
  looksMeanwhile,
  MEMORY,
  moveAgainst,
  STATUS,
  task,
} from '../../../support/scripted-migration.ts';

describe('before and during a migration inside Redis 8.4', () => {
  it('begins nothing where the target has keys of a slot, which the server would delete', async () => {
    const { cluster, context, moving } = moveAgainst(
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
    const { cluster, moving } = moveAgainst(
      [...looks(), { sent: IMPORT, reply: ID }, { sent: STATUS, reply: task('completed') }],
      [...looks({ keys: 1 }), { sent: '7001> CLUSTER INFO', reply: trimming }],
    );
    await moving;
    expect(cluster.rest()).toEqual([]);
  });

  it('begins nothing where the target has no memory', async () => {
    const { context, moving } = moveAgainst([], looks({ memory: FULL }));
    await expect(moving).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('127.0.0.1:7001 would use more memory than its maxmemory'),
    });
    expect(context.reports).toEqual([]);
  });

  it('cancels where the target runs out of memory, which it would not do by itself', async () => {
    const { cluster, moving } = moveAgainst([
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
      const { cluster, moving } = moveAgainst([], looks({ memory: `${MEMORY}${line}\r\n` }));
      await expect(moving).rejects.toMatchObject({ code: 'REFUSED' });
      expect(cluster.rest()).toEqual([]);
    },
  );

  it('cancels where the target begins to refuse writes meanwhile', async () => {
    const { cluster, moving } = moveAgainst([
      { sent: IMPORT, reply: ID },
      { sent: STATUS, reply: task('accumulate-buffer'), times: 11 },
      { sent: LOOK, reply: `${MEMORY}min_slaves_good_slaves:1\r\n` },
      { sent: CANCEL, reply: 1 },
      { sent: STATUS, reply: task('canceled') },
      { sent: FORGET, reply: 1 },
    ]);
    await expect(moving).rejects.toMatchObject({ code: 'REFUSED' });
    expect(cluster.rest()).toEqual([]);
  });

  it('cancels where the source has failed, instead of waiting for repl-timeout', async () => {
    const { cluster, moving } = moveAgainst([
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
