import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../../src/lib/apply/events.ts';
import { keepPrimaries } from '../../../src/lib/apply/keep-primaries.ts';
import { OpsError } from '../../../src/lib/errors.ts';
import { renderEmptied } from '../../../src/lib/view/emptied.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { planOf, runFake } from '../../support/fake-run.ts';
import { type Exchange, error, scriptedCluster } from '../../support/scripted-cluster.ts';

const SETTING = 'cluster-allow-replica-migration';

function clusterOf(): FakeCluster {
  return new FakeCluster({
    shards: [
      { name: 'p0', slots: [], hasReplica: false },
      { name: 'p1', slots: [0, 1], hasReplica: false },
      { name: 'p2', slots: [2, 3], hasReplica: false },
    ],
    slotCount: 4,
    keys: new Map([['0:a', 'x']]),
    gossip: 'eager',
    seed: 1,
  });
}

/** Empties p1, and takes one of two slots of p2. */
const DRAIN = [
  [0, 'p0'],
  [1, 'p0'],
  [2, 'p0'],
] as const;

describe('an emptied primary', () => {
  it('becomes a replica, and the operator is told', async () => {
    const cluster = clusterOf();
    const plan = planOf(cluster, DRAIN);
    expect((await runFake(cluster, plan)).failure).toBeNull();
    expect(renderEmptied(plan, cluster.topology())).toEqual([
      '127.0.0.1:7001 has no slots left and is a replica of 127.0.0.1:7000 now.',
    ]);
  });

  it('stays a primary with --keep-primary, and its setting is as before', async () => {
    const cluster = clusterOf();
    const plan = planOf(cluster, DRAIN);
    expect((await runFake(cluster, plan, { move: { keepPrimary: true } })).failure).toBeNull();
    expect(cluster.nodes.map(({ primaryId }) => primaryId)).toEqual([null, null, null]);
    expect(cluster.nodes.map(({ settings }) => settings.get(SETTING))).toEqual(['yes', 'yes', 'yes']);
    expect(renderEmptied(plan, cluster.topology())).toEqual([]);
  });

  it('has its setting back after Ctrl-C as well', async () => {
    const cluster = clusterOf();
    const plan = planOf(cluster, DRAIN);
    const looks: (string | undefined)[] = [];
    cluster.onChange = () => {
      looks.push(cluster.nodes[1]?.settings.get(SETTING));
      if (looks.includes('no')) cluster.operator.abort();
    };
    const { failure } = await runFake(cluster, plan, { move: { keepPrimary: true } });
    expect(failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(looks).toContain('no');
    expect(cluster.nodes.map(({ settings }) => settings.get(SETTING))).toEqual(['yes', 'yes', 'yes']);
  });
});

describe('the setting', () => {
  const get = (value: string): Exchange => ({ sent: `7001> CONFIG GET ${SETTING}`, reply: [SETTING, value] });
  const set = (value: string, reply: Exchange['reply'] = 'OK'): Exchange => ({
    sent: `7001> CONFIG SET ${SETTING} ${value}`,
    reply,
  });

  async function keep(script: readonly Exchange[], work: () => Promise<void>, must = false) {
    const topology = clusterOf().topology();
    const cluster = scriptedCluster(script);
    const events: ApplyEvent[] = [];
    const noted: string[] = [];
    const kept = keepPrimaries(
      topology.nodes.slice(1, 2),
      topology,
      {
        must,
        cluster,
        emit: (e) => void events.push(e),
        journal: { setting: (state, { before }) => void noted.push(`${state} ${before}`) },
      },
      work,
    );
    const failure = await kept.then(
      () => null,
      (cause: unknown) => cause,
    );
    expect(cluster.rest()).toEqual([]);
    return { failure, events, noted };
  }

  it('is turned off where it is on, and on again', async () => {
    let seen = 0;
    const { noted } = await keep([get('yes'), set('no'), set('yes')], async () => void seen++);
    expect(seen).toBe(1);
    expect(noted).toEqual(['changing yes', 'restored yes']);
  });

  it('is left alone where it is off, or where the server does not tell', async () => {
    await keep([get('no')], async () => undefined);
    await keep([{ ...get(''), reply: error('NOPERM no permissions') }], async () => undefined);
    await keep([{ ...get(''), reply: [] }], async () => undefined);
  });

  it('is put back after a failure, which is still the failure', async () => {
    const broken = new OpsError('FAILED', 'the move failed');
    const { failure } = await keep([get('yes'), set('no'), set('yes')], () => Promise.reject(broken));
    expect(failure).toBe(broken);
  });

  it('may be refused: a sentence says so, and the moves go on', async () => {
    let seen = 0;
    const refusal = error('NOPERM this user has no permissions');
    const { events } = await keep([get('yes'), set('no', refusal)], async () => void seen++);
    expect(seen).toBe(1);
    expect(events).toEqual([
      { event: 'notice', message: `127.0.0.1:7001 may become a replica when it has no slots left: ${refusal.message}` },
    ]);
  });

  it.each([
    ['told', [{ ...get(''), reply: error('NOPERM no permissions') }], 'NOPERM no permissions'],
    ['turned off', [get('yes'), set('no', error('NOPERM no permissions'))], 'NOPERM no permissions'],
    ['known to the server', [{ ...get(''), reply: [] }], 'cannot be turned off'],
  ] as const)(
    'ends everything before it begins where keys depend on it and it is not %s',
    async (_, script, reason) => {
      let seen = 0;
      const { failure } = await keep(script, async () => void seen++, true);
      expect(seen).toBe(0);
      expect(failure).toMatchObject({ code: 'FAILED', message: expect.stringContaining(reason) });
    },
  );

  it('may be off already where keys depend on it', async () => {
    let seen = 0;
    await keep([get('no')], async () => void seen++, true);
    expect(seen).toBe(1);
  });

  it('is named where it could not be put back', async () => {
    const refusal = error('NOPERM this user has no permissions');
    const { events, noted } = await keep([get('yes'), set('no'), set('yes', refusal)], async () => undefined);
    expect(events).toEqual([
      { event: 'notice', message: `${SETTING} of 127.0.0.1:7001 may still not be yes: ${refusal.message}` },
    ]);
    expect(noted).toEqual(['changing yes']);
  });
});
