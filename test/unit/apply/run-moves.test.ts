/** Whole runs on the fake cluster: what single cases of the properties say in so many words. */
import { describe, expect, it } from 'vitest';
import { planResume } from '../../../src/lib/plan/resume.ts';
import type { Argument, CallOptions, Reply } from '../../../src/lib/redis/cluster.ts';
import type { ReplyError } from '../../../src/lib/wire/reply-error.ts';
import { accepted } from '../../support/accepted.ts';
import { FakeCluster, type FakeClusterOptions } from '../../support/fake-cluster.ts';
import { planOf, runFake, stateOf, type Wish, wrongIn } from '../../support/fake-run.ts';
import { nodeId } from '../../support/topology-builder.ts';

function optionsOf(slotCount: number, keysPerSlot: number): FakeClusterOptions {
  const slots = Array.from({ length: slotCount }, (_, slot) => slot);
  const keys = slots.flatMap((slot) =>
    Array.from({ length: keysPerSlot }, (_, n) => [`${slot}:k${n}`, `v${n}`] as const),
  );
  return {
    shards: [
      { name: 'p0', slots, hasReplica: false },
      { name: 'p1', slots: [], hasReplica: false },
    ],
    slotCount,
    keys: new Map(keys),
    gossip: 'lazy',
    seed: 1,
  };
}

const all = (count: number): readonly Wish[] => Array.from({ length: count }, (_, slot) => [slot, 'p1'] as const);

describe('a run of moves', () => {
  it('moves several windows of slots', async () => {
    const cluster = new FakeCluster(optionsOf(600, 1));
    expect((await runFake(cluster, planOf(cluster, all(600)))).failure).toBeNull();
    expect(cluster.nodes.map(({ slots, keys }) => [slots.length, keys.size])).toEqual([
      [0, 0],
      [600, 600],
    ]);
  });

  it('leaves a slot to its source while the target’s replicas do not confirm that it takes it', async () => {
    const options = optionsOf(1, 0);
    const cluster = new FakeCluster({ ...options, fault: { kind: 'no-replicas', atCall: 9, times: 4 } });
    let wrong: string | null = null;
    cluster.onChange = () => {
      wrong ??= wrongIn(cluster, options.keys, 1, false);
    };
    const plan = planOf(cluster, all(1));
    await runFake(cluster, plan);
    expect(wrong).toBeNull();
    cluster.calmDown();
    const rest = accepted(planResume(plan, cluster.topology()));
    expect((await runFake(cluster, rest)).failure).toBeNull();
    expect(stateOf(cluster, ['p0', 'p1'], 1)).toMatchObject({ slots: [['p1']], open: [] });
  });

  describe('whose nodes fall silent', () => {
    /** As `runFake` waits. */
    const WAIT_MS = 60_000;

    it('goes on when they answer again in time, also where for a while none of them did', async () => {
      const cluster = new FakeCluster({ ...optionsOf(4, 3), fault: { kind: 'silent', atCall: 6, times: 60 } });
      expect((await runFake(cluster, planOf(cluster, all(4)))).failure).toBeNull();
      expect(cluster.faults).toBe(60);
      expect(stateOf(cluster, ['p0', 'p1'], 4)).toMatchObject({ slots: [['p1'], ['p1'], ['p1'], ['p1']], open: [] });
    });

    it('does not say that nothing was done where a silent target may do it yet', async () => {
      const cluster = new StoppingAtOpening(optionsOf(4, 3));
      const { failure, journal } = await runFake(cluster, planOf(cluster, all(4)));
      expect(failure).toMatchObject({
        code: 'PARTIAL',
        message: expect.stringContaining(
          '0 of 4 slots are moved; no slot is open, but what is open at a node that does',
        ),
        suggestions: [expect.stringContaining('cluster resume'), expect.stringContaining('cluster undo')],
      });
      expect(journal.outcomes).toEqual(['partial']);
    });

    it('counts no slot twice that was closed at the source in between', async () => {
      const cluster = new FakeCluster({ ...optionsOf(4, 3), fault: { kind: 'half', atCall: 7, times: 1 } });
      const { failure, events } = await runFake(cluster, planOf(cluster, all(4)));
      expect([failure, cluster.faults]).toEqual([null, 1]);
      const told = events.filter(({ event }) => event === 'move-progress');
      expect(told.at(-1)).toMatchObject({ slotsDone: 4, slots: 4 });
    });

    it.each(['lost', 'ambiguous'] as const)(
      'gives up when nothing has moved for the time of a wait: %s',
      async (kind) => {
        const cluster = new FakeCluster({
          ...optionsOf(4, 3),
          fault: { kind, atCall: 6, times: Number.POSITIVE_INFINITY },
        });
        const { failure } = await runFake(cluster, planOf(cluster, all(4)));
        expect(failure).toMatchObject({ code: 'PARTIAL' });
        expect(cluster.clock.now()).toBeGreaterThan(WAIT_MS);
        expect(cluster.clock.now()).toBeLessThan(1.5 * WAIT_MS);
      },
    );

    it('is stopped by its operator while it waits', async () => {
      const cluster = new FakeCluster({
        ...optionsOf(4, 3),
        fault: { kind: 'lost', atCall: 6, times: Number.POSITIVE_INFINITY },
      });
      void cluster.clock.sleep(WAIT_MS / 4).then(() => cluster.operator.abort());
      const { failure } = await runFake(cluster, planOf(cluster, all(4)));
      expect(failure).toMatchObject({ code: 'INTERRUPTED' });
      expect(cluster.clock.now()).toBeLessThan(WAIT_MS / 2);
    });
  });

  it('that was killed between the target’s word and the source’s is resumed to its end', async () => {
    for (let atCall = 1; atCall < 30; atCall++) {
      const cluster = new FakeCluster({
        ...optionsOf(4, 1),
        gossip: 'eager',
        fault: { kind: 'kill', atCall, times: 1 },
      });
      const plan = planOf(cluster, all(3));
      await runFake(cluster, plan);
      cluster.calmDown();
      const rest = accepted(planResume(plan, cluster.topology()));
      expect((await runFake(cluster, rest)).failure, `killed at call ${atCall}`).toBeNull();
      expect(stateOf(cluster, ['p0', 'p1'], 4)).toMatchObject({ slots: [['p1'], ['p1'], ['p1'], ['p0']], open: [] });
    }
  });
});

/** A target that is stopped when the first slot is to be opened there: the command is carried out when it goes on. */
class StoppingAtOpening extends FakeCluster {
  override async callMany(
    address: { readonly host: string; readonly port: number },
    commands: readonly (readonly Argument[])[],
    options?: CallOptions,
  ): Promise<readonly (Reply | ReplyError)[]> {
    const [, target] = this.nodes;
    if (target && commands[0]?.[3] === 'IMPORTING') target.isDown = true;
    return super.callMany(address, commands, options);
  }
}

/** A Valkey whose migration moves the slot, but ends with the warning that writes may be lost. */
class CarelessValkey extends FakeCluster {
  #jobs: readonly Reply[] = [];

  override async callMany(
    address: { readonly host: string; readonly port: number },
    commands: readonly (readonly Argument[])[],
    options?: CallOptions,
  ): Promise<readonly (Reply | ReplyError)[]> {
    const [command] = commands;
    if (command?.[1] === 'GETSLOTMIGRATIONS') return [this.#jobs];
    if (command?.[1] !== 'MIGRATESLOTS') return super.callMany(address, commands, options);
    for (const node of this.nodes) node.owners.set(0, nodeId('p1'));
    const message = 'Unpaused before migration completed (migration may have succeeded with lost writes)';
    this.#jobs = [
      [
        ...['name', 'a'.repeat(40), 'operation', 'EXPORT', 'slot_ranges', '0-0', 'target_node', nodeId('p1')],
        ...['source_node', nodeId('p0'), 'state', 'failed', 'message', message],
      ],
    ];
    return ['OK'];
  }
}

it('an atomic migration that may have lost writes is an error although the slot has moved', async () => {
  const cluster = new CarelessValkey({ ...optionsOf(1, 0), flavor: { product: 'valkey', version: '9.1.2' } });
  const plan = planOf(cluster, all(1));
  const atomic = { ...plan, steps: plan.steps.map((step) => ({ ...step, mover: 'atomic' as const })) };
  const { failure, journal } = await runFake(cluster, atomic);
  expect(failure).toMatchObject({
    code: 'PARTIAL',
    message: expect.stringMatching(/^WRITES MAY BE LOST\.[\s\S]*1 of 1 slots are moved; no slot is open\.$/),
  });
  expect(journal.outcomes).toEqual(['partial']);
});
