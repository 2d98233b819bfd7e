/**
 * Every command, one after the other, over one way to reach the nodes. Three servers become a cluster, keys of every
 * kind are put into it, and each command has to do its work without losing one of them; a fourth and a fifth server join
 * and leave. What is really there is looked at past the program, directly.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { rawCommand, rawCommands } from './raw-command.ts';
import { findServer, type ServerFlavor, serverBinary } from './server-binaries.ts';
import { TourCluster, type Way } from './tour-cluster.ts';
import { newStateFolder } from './watched-run.ts';

const SLOWLY = '--throttle 150keys/s --max-pause 1';

/** Registers the tests. A server that is not there is not tested, and the report shows its tests as skipped. */
export function tour(way: Way): void {
  describe.runIf(findServer(way.flavor) !== null)(`${way.name}, server ${way.flavor}`, () => {
    const at = new TourCluster(way);
    beforeAll(() => at.begin());
    afterAll(() => at.end());
    formingAndLooking(at);
    moving(at, way.flavor);
    calling(at);
    joining(at);
    mending(at);
    copying(at);
    saving(at, way.flavor);
    leaving(at);
  });
}

function formingAndLooking(at: TourCluster): void {
  it('create', async () => {
    await at.run(`create ${at.typed(0)} ${at.typed(1)} ${at.typed(2)} --yes`);
    for (const index of [0, 1, 2])
      expect(String(await at.call(index, 'CLUSTER', 'INFO'))).toContain('cluster_state:ok');
    await at.putKeys();
  });

  it.each(['check', 'info', 'nodes'])('%s', async (command) => {
    const { stdout } = await at.run(`${command} ${at.typed(1)} --json`);
    for (const index of [0, 1, 2]) expect(stdout).toContain(`:${at.typed(index).split(':').at(-1)}"`);
    expect(stdout).not.toContain('Could not connect');
    await at.run(`${command} ${at.typed(2)}`);
  });
}

function moving(at: TourCluster, flavor: ServerFlavor): void {
  const isAtomic = flavor === 'valkey-9.1' || flavor === 'redis-8.6';

  it('reshard, key by key', async () => {
    await at.run(`reshard ${at.typed(2)} --ranges 100-119 --to ${at.typed(1)} --mover key-wise --yes`);
    expect(await at.owns(1, [100, 119])).toBe(true);
    await at.expectKeys();
  });

  if (isAtomic) {
    it('reshard, inside the servers', async () => {
      await at.run(`reshard ${at.typed(2)} --ranges 120-139 --to ${at.typed(1)} --mover atomic --yes`);
      expect(await at.owns(1, [100, 139])).toBe(true);
      await at.expectKeys();
    });
  }

  it('reshard from a saved plan: apply', async () => {
    const file = path.join(newStateFolder().env.XDG_STATE_HOME, 'plan.json');
    await at.run(`reshard ${at.typed(0)} --ranges 100-139 --to ${at.typed(2)} --plan-out ${file} --dry-run`);
    for (const secret of at.secrets('reshard')) expect(readFileSync(file, 'utf8')).not.toContain(secret);
    await at.run(`apply ${file} ${at.typed(0)} --yes`);
    expect(await at.owns(2, [100, 139])).toBe(true);
    await at.expectKeys();
  });

  it('reshard killed, resume, undo', async () => {
    const state = newStateFolder();
    await at.runKilled(
      `reshard ${at.typed(0)} --ranges 100-139 --to ${at.typed(0)} --mover key-wise ${SLOWLY} --yes`,
      state,
    );
    await at.run('resume --yes', state);
    expect(await at.owns(0, [100, 139])).toBe(true);
    await at.expectKeys();
    await at.run('undo --yes', state);
    expect(await at.owns(2, [100, 139])).toBe(true);
    await at.expectKeys();
  });

  it('rebalance', async () => {
    await at.run(`rebalance ${at.typed(0)} --threshold 0 --yes`);
    await at.expectKeys();
    await at.run(`check ${at.typed(0)}`);
  });
}

function calling(at: TourCluster): void {
  it('call', async () => {
    const { stdout } = await at.run(`call ${at.typed(0)} --json CLUSTER MYID`);
    for (const index of [0, 1, 2]) expect(stdout).toContain(await at.idOf(index));
  });

  it('set-timeout', async () => {
    await at.run(`set-timeout ${at.typed(0)} 2500`);
    for (const index of [0, 1, 2])
      expect(await at.call(index, 'CONFIG', 'GET', 'cluster-node-timeout')).toContain('2500');
  });
}

function joining(at: TourCluster): void {
  it('add-node, a primary with its share of the slots', async () => {
    await at.run(`add-node ${at.typed(3)} ${at.typed(0)} --rebalance --yes`);
    expect(String(await at.call(3, 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:4');
    expect(await at.idsWithSlots()).toContain(await at.idOf(3));
    await at.expectKeys();
  });

  it('add-node, a replica', async () => {
    await at.run(`add-node ${at.typed(4)} ${at.typed(1)} --replica --of ${await at.idOf(0)} --yes`);
    const role = String(await at.call(4, 'INFO', 'replication'));
    expect(role).toContain('master_link_status:up');
    expect((await at.own(4)).primaryId).toBe(await at.idOf(0));
  });
}

function mending(at: TourCluster): void {
  it('fix, of slots that a killed move has left half-way', async () => {
    const to = (await at.owns(0, [100, 139])) ? 1 : 0;
    await at.runKilled(`reshard ${at.typed(2)} --ranges 100-139 --to ${at.typed(to)} --mover key-wise ${SLOWLY} --yes`);
    expect(await at.openSlots()).not.toBe(0);
    await at.run(`fix ${at.typed(1)} --yes`);
    expect(await at.openSlots()).toBe(0);
    await at.run(`check ${at.typed(0)}`);
    await at.expectKeys();
  });
}

function copying(at: TourCluster): void {
  it.each(['relay', 'migrate'])('import by %s', async (engine) => {
    const { source, typedSource, sourceFlags, login } = at.reached;
    const keys = Array.from({ length: 20 }, (_, index) => `${engine}:${index}`);
    await rawCommands(
      source.address,
      keys.map((key) => ['SET', key, engine]),
      login,
    );
    await at.run(`import ${at.typed(0)} --from ${typedSource} ${sourceFlags.join(' ')} --engine ${engine} --yes`);
    expect(await rawCommand(source.address, ['DBSIZE'], login)).toBe(0);
    const stored = await at.keys();
    for (const key of keys) expect(stored).toContain(key);
    await at.forgetKeys(keys);
    await at.expectKeys();
  });
}

function saving(at: TourCluster, flavor: ServerFlavor): void {
  it('backup, and restore after everything was lost', async () => {
    const folder = path.join(newStateFolder().env.XDG_STATE_HOME, 'backup');
    await at.run(`backup ${at.typed(1)} ${folder} --yes`);
    for (const index of [0, 1, 2, 3]) await at.call(index, 'FLUSHALL');
    await at.run(`restore ${folder} ${at.typed(2)} --server ${serverBinary(flavor).server} --yes`);
    await at.expectKeys();
  });
}

function leaving(at: TourCluster): void {
  it('del-node, drained', async () => {
    await at.run(`del-node ${at.typed(0)} ${at.typed(3)} --drain --yes`);
    expect(String(await at.call(3, 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:1');
    expect(String(await at.call(0, 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:4');
    await at.expectKeys();
  });

  it('forget', async () => {
    const id = await at.idOf(4);
    process.kill(at.node(4).pid, 'SIGKILL');
    for (const index of [0, 1, 2])
      await eventually(async () => expect(await at.flagsOf(index, id)).toContain('fail'), {
        what: 'it is taken for failed',
      });
    await at.run(`forget ${at.typed(0)} --failed --yes`);
    for (const index of [0, 1, 2]) expect(await at.flagsOf(index, id)).toBeNull();
    await at.run(`check ${at.typed(0)}`);
    await at.expectKeys();
  });
}
