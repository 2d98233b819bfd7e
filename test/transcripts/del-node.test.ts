/**
 * A cluster and the names of nodes in, a plan or its refusal out: what `del-node` and `forget` would do, as files that a
 * person can review. `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { NodeEntry } from '../../src/lib/model/node.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { isReached } from '../../src/lib/model/topology.ts';
import { failedNodes, failedOwners } from '../../src/lib/plan/failed-nodes.ts';
import { planRemoveNodes } from '../../src/lib/plan/remove-nodes.ts';
import { simulatePlan } from '../../src/lib/plan/simulate.ts';
import { assertSlotsOwnedOnce } from '../support/invariants.ts';
import { memberPage } from '../support/member-page.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

interface Request {
  readonly cluster: Topology;
  readonly names: readonly string[];
  readonly drain?: true;
  readonly to?: readonly string[];
  /** As `forget` has it. */
  readonly dead?: true;
}

const DEAD = { flags: ['fail'], unreachable: 'Connection refused' };

const three = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' });
const four = topology()
  .primary('a', { slots: '0-4095' })
  .primary('b', { slots: '4096-8191' })
  .primary('c', { slots: '8192-12287' })
  .primary('d', { slots: '12288-16383' });
const guarded = three.replica('d', { of: 'a' }).replica('e', { of: 'b' }).replica('f', { of: 'c' });

/** A node that others know by name only, or while they are being introduced to it. */
function ghost(name: string, flag: 'noaddr' | 'handshake'): NodeEntry {
  const address =
    flag === 'noaddr' ? { host: '', port: 0, busPort: 0 } : { host: '10.0.0.9', port: 7000, busPort: 17000 };
  return {
    id: nodeId(name),
    address,
    aux: {},
    flags: flag === 'noaddr' ? ['master', 'fail', 'noaddr'] : ['handshake'],
    primaryId: null,
    pingSentMs: 0,
    pongReceivedMs: 0,
    configEpoch: 0,
    link: 'disconnected',
    slots: [],
    migrating: [],
    importing: [],
  };
}

/** As observing finds them: in a view, and without an answer. */
function withGhosts(cluster: Topology): Topology {
  const entries = cluster.nodes.filter(isReached).flatMap(({ reach }) => reach.view.entries);
  const found = entries.filter(({ id }) => !cluster.nodes.some((node) => node.id === id));
  const strangers = new Map(found.map((entry) => [entry.id, entry]));
  return {
    ...cluster,
    nodes: [
      ...cluster.nodes,
      ...[...strangers.values()].map((entry) => ({
        id: entry.id,
        address: { host: entry.address.host, port: entry.address.port },
        peerAddress: entry.address,
        entry,
        reach: { ok: false, reason: entry.address.host === '' ? 'no address is known' : 'Connection refused' } as const,
      })),
    ],
  };
}

const haunted = withGhosts(
  three
    .replica('d', { of: 'a', ...DEAD })
    .sees('a', (entries) => [...entries, ghost('g', 'noaddr'), ghost('h', 'handshake')])
    .sees('b', (entries) => [...entries, ghost('g', 'noaddr')])
    .build(),
);

const REQUESTS: Readonly<Record<string, Request>> = {
  'a-replica': { cluster: guarded.replica('g', { of: 'a' }).build(), names: ['10.0.0.4:7000'] },
  'the-last-replica': { cluster: guarded.build(), names: [nodeId('d')] },
  'a-dead-replica': { cluster: guarded.replica('g', { of: 'a', ...DEAD }).build(), names: [nodeId('g').slice(0, 8)] },
  'a-dead-primary-that-was-failed-over': { cluster: guarded.primary('g', DEAD).build(), names: [nodeId('g')] },
  'a-primary-without-slots-and-its-replicas-get-others': {
    cluster: three.primary('n').replica('d', { of: 'n' }).replica('e', { of: 'n' }).replica('f', { of: 'b' }).build(),
    names: ['10.0.0.4:7000'],
  },
  'a-primary-drained': {
    cluster: four.replica('e', { of: 'd' }).replica('f', { of: 'a' }).build(),
    names: ['10.0.0.4:7000'],
    drain: true,
  },
  'a-primary-drained-to-another': {
    cluster: four.build(),
    names: ['10.0.0.4:7000'],
    drain: true,
    to: ['10.0.0.2:7000'],
  },
  'two-of-four-primaries-drained': {
    cluster: four.build(),
    names: ['10.0.0.4:7000', '10.0.0.1:7000'],
    drain: true,
  },
  'beside-a-member-that-is-away': {
    cluster: guarded
      .replica('g', { of: 'a', ...DEAD })
      .replica('h', { of: 'a' })
      .build(),
    names: [nodeId('h')],
  },
  'one-that-only-others-reach': {
    cluster: guarded.replica('g', { of: 'a', unreachable: 'Connection timed out' }).build(),
    names: [nodeId('g')],
  },
  'one-that-everybody-has-forgotten-but-itself': {
    cluster: three
      .primary('n', { lonely: true })
      .sees('n', (entries) => [...entries, { ...ghost('x', 'handshake'), id: nodeId('a'), flags: ['master'] }])
      .build(),
    names: [nodeId('n')],
  },
  'ghosts-and-a-dead-replica': { cluster: haunted, names: failedNodes(haunted).map(({ id }) => id), dead: true },
  'refused-slots': { cluster: guarded.build(), names: ['10.0.0.2:7000'] },
  'refused-slots-of-a-dead-primary': {
    cluster: topology()
      .primary('a', { slots: '0-5460' })
      .primary('b', { slots: '5461-10922' })
      .primary('c', { slots: '10923-16383', ...DEAD })
      .build(),
    names: [nodeId('c')],
    drain: true,
  },
  'refused-slots-in-the-eyes-of-others': {
    cluster: three
      .primary('n')
      .sees('a', (entries) =>
        entries.map((entry) => (entry.id === nodeId('n') ? { ...entry, slots: [[7, 7]] as const } : entry)),
      )
      .build(),
    names: [nodeId('n')],
  },
  'refused-keys': {
    cluster: three.primary('n', { info: { db0: 'keys=3,expires=0' } }).build(),
    names: [nodeId('n')],
  },
  'refused-names': { cluster: guarded.build(), names: ['10.0.0.9:7000', '123456', 'me'] },
  'refused-the-last': {
    cluster: topology().primary('a', { slots: '0-16383' }).replica('b', { of: 'a' }).build(),
    names: [nodeId('a'), nodeId('b')],
    drain: true,
  },
  'refused-a-receiver-that-goes-too': {
    cluster: four.build(),
    names: ['10.0.0.4:7000', '10.0.0.1:7000'],
    drain: true,
    to: ['10.0.0.1:7000'],
  },
  'refused-a-living-node-by-forget': { cluster: guarded.build(), names: [nodeId('d')], dead: true },
};

function commandOf({ names, drain, to, dead }: Request): string {
  return [
    dead ? 'cluster forget 10.0.0.1:7000' : 'cluster del-node 10.0.0.1:7000',
    ...names,
    ...(drain ? ['--drain'] : []),
    ...(to === undefined ? [] : [`--to ${to.join(',')}`]),
  ].join(' ');
}

describe('del-node and forget', () => {
  it.each(Object.entries(REQUESTS))('%s', async (name, request) => {
    const { cluster, names, drain, to, dead } = request;
    const planned = planRemoveNodes(cluster, {
      names,
      drain: drain ? { to: to ?? null, mover: 'auto' } : null,
      zones: new Map(),
      which: dead ? 'dead' : 'any',
    });
    await expect(memberPage(commandOf(request), cluster, planned)).toMatchFileSnapshot(`del-node/${name}.txt`);
    if (!planned.ok) return;
    const states = simulatePlan(cluster, planned.plan);
    for (const state of states) assertSlotsOwnedOnce(state, 'assigned-slots');
    const listed = (states.at(-1) ?? cluster).nodes.filter(isReached).flatMap(({ reach }) => reach.view.entries);
    const gone = planned.plan.steps.flatMap((step) => (step.kind === 'forget' ? step.nodes : []));
    for (const { id } of gone) expect(listed.map((entry) => entry.id)).not.toContain(id);
  });

  it('--failed names neither nodes with slots nor nodes that somebody does not take for failed', () => {
    const cluster = three
      .primary('d', { slots: '', ...DEAD })
      .replica('e', { of: 'a', ...DEAD })
      .sees('b', (entries) =>
        entries.map((entry) => (entry.id === nodeId('e') ? { ...entry, flags: ['slave'] } : entry)),
      )
      .build();
    expect(failedNodes(cluster).map(({ id }) => id)).toEqual([nodeId('d')]);
    const holed = topology()
      .primary('a', { slots: '0-5' })
      .primary('b', { slots: '6-9', ...DEAD })
      .build();
    expect([failedNodes(holed), failedOwners(holed).map(({ id }) => id)]).toEqual([[], [nodeId('b')]]);
  });
});
