/**
 * A cluster, new nodes and a request in, a plan or its refusal out: what `add-node` would do, as files that a person can
 * review. `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { AddRequest, FunctionState } from '../../src/lib/plan/add-nodes.ts';
import { planAddNodes } from '../../src/lib/plan/add-nodes.ts';
import { simulatePlan } from '../../src/lib/plan/simulate.ts';
import { assertSlotsOwnedOnce } from '../support/invariants.ts';
import { memberPage } from '../support/member-page.ts';
import { type NodeOptions, nodeId, topology } from '../support/topology-builder.ts';

interface Request {
  readonly cluster: Topology;
  /** By their names in the builder; what is typed are their addresses. */
  readonly add: readonly string[];
  readonly replica?: true;
  readonly of?: string;
  readonly rebalance?: true;
  readonly zones?: Readonly<Record<string, string>>;
  /** Of the cluster's first node; the states are of the new nodes. */
  readonly functions?: Readonly<Record<string, FunctionState>>;
}

const NEW: NodeOptions = { lonely: true, epoch: 0 };

const three = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' });
const guarded = three.replica('d', { of: 'a' }).replica('e', { of: 'b' });
const REQUESTS: Readonly<Record<string, Request>> = {
  'a-primary': { cluster: three.primary('n', NEW).build(), add: ['n'] },
  'a-primary-gets-the-functions': { cluster: three.primary('n', NEW).build(), add: ['n'], functions: { n: 'none' } },
  'two-primaries-with-slots': {
    cluster: three.primary('n', NEW).primary('o', NEW).build(),
    add: ['n', 'o'],
    rebalance: true,
  },
  'a-replica-where-one-is-missing': { cluster: guarded.primary('n', NEW).build(), add: ['n'], replica: true },
  'a-replica-of-a-named-primary': {
    cluster: guarded.primary('n', NEW).build(),
    add: ['n'],
    replica: true,
    of: '10.0.0.1:7000',
  },
  'three-replicas-beside-the-primaries': {
    cluster: three
      .primary('n', { ...NEW, host: '10.0.0.1', port: 7001 })
      .primary('o', { ...NEW, host: '10.0.0.2', port: 7001 })
      .primary('p', { ...NEW, host: '10.0.0.3', port: 7001 })
      .build(),
    add: ['n', 'o', 'p'],
    replica: true,
  },
  'a-replica-in-another-zone': {
    cluster: three.primary('n', NEW).build(),
    add: ['n'],
    replica: true,
    zones: { '10.0.0.1': 'x', '10.0.0.2': 'y', '10.0.0.3': 'x', '10.0.0.4': 'x' },
  },
  'a-replica-on-the-host-of-the-only-bare-primary': {
    cluster: guarded.primary('n', { ...NEW, host: '10.0.0.3', port: 7001 }).build(),
    add: ['n'],
    replica: true,
  },
  'beside-dead-nodes': {
    cluster: three
      .replica('d', { of: 'a', flags: ['fail'], unreachable: 'Connection refused' })
      .primary('f', { flags: ['fail'], unreachable: 'Connection refused' })
      .primary('n', NEW)
      .build(),
    add: ['n'],
    replica: true,
  },
  'of-another-version': {
    cluster: three.primary('n', { ...NEW, flavor: { product: 'valkey', version: '9.1.2' } }).build(),
    add: ['n'],
  },
  'interrupted-before-all-knew-it': {
    cluster: three
      .primary('n')
      .sees('a', (entries) => entries.filter(({ id }) => id !== nodeId('n')))
      .build(),
    add: ['n'],
    replica: true,
  },
  'interrupted-before-it-was-a-replica': { cluster: guarded.primary('n').build(), add: ['n'], replica: true },
  'interrupted-before-its-link-was-up': {
    cluster: three.replica('n', { of: 'b', info: { master_link_status: 'down' } }).build(),
    add: ['n'],
    replica: true,
  },
  'all-done-already': { cluster: three.replica('n', { of: 'b' }).build(), add: ['n'], replica: true },
  'refused-a-replica-of-another': {
    cluster: three.replica('n', { of: 'b' }).build(),
    add: ['n'],
    replica: true,
    of: '10.0.0.1:7000',
  },
  'refused-nodes-in-use': {
    cluster: three
      .primary('n', { ...NEW, info: { db0: 'keys=3,expires=0' } })
      .primary('o', { ...NEW, clusterInfo: { cluster_known_nodes: '3' } })
      .primary('p', { ...NEW, unreachable: 'Connection refused' })
      .build(),
    add: ['n', 'o', 'p', 'b'],
  },
  'refused-twice': { cluster: three.primary('n', NEW).build(), add: ['n', 'n'] },
  'refused-functions': { cluster: three.primary('n', NEW).build(), add: ['n'], functions: { n: 'other' } },
  'refused-an-unknown-primary': {
    cluster: three.primary('n', NEW).build(),
    add: ['n'],
    replica: true,
    of: '0123456789',
  },
  'refused-a-replica-of-a-replica': {
    cluster: guarded.primary('n', NEW).build(),
    add: ['n'],
    replica: true,
    of: '10.0.0.4:7000',
  },
  'refused-an-unhealthy-cluster': {
    cluster: topology().primary('a', { slots: '0-5460' }).primary('n', NEW).build(),
    add: ['n'],
  },
};

function addressOf({ nodes }: Topology, name: string): string {
  const node = nodes.find(({ id }) => id === nodeId(name));
  return `${node?.address.host}:${node?.address.port}`;
}

function commandOf({ cluster, add, replica, of, rebalance, zones = {} }: Request): string {
  return [
    'cluster add-node',
    ...add.map((name) => addressOf(cluster, name)),
    '10.0.0.1:7000',
    ...(replica ? ['--replica'] : []),
    ...(of === undefined ? [] : [`--of ${of}`]),
    ...(rebalance ? ['--rebalance'] : []),
    ...Object.entries(zones).map(([host, zone]) => `--zone ${host}=${zone}`),
  ].join(' ');
}

function requestOf({ add, replica, of, rebalance, zones = {}, functions }: Request): AddRequest {
  return {
    ids: add.map(nodeId),
    role: replica ? { kind: 'replica', of: of ?? null } : { kind: 'primary' },
    zones: new Map(Object.entries(zones)),
    functions: {
      source: functions === undefined ? null : { id: nodeId('a'), address: '10.0.0.1:7000' },
      states: new Map(Object.entries(functions ?? {}).map(([name, state]) => [nodeId(name), state])),
    },
    rebalance: rebalance ? { mover: 'auto' } : null,
  };
}

describe('add-node', () => {
  it.each(Object.entries(REQUESTS))('%s', async (name, request) => {
    const planned = planAddNodes(request.cluster, requestOf(request));
    await expect(memberPage(commandOf(request), request.cluster, planned)).toMatchFileSnapshot(`add-node/${name}.txt`);
    if (!planned.ok) return;
    const states = simulatePlan(request.cluster, planned.plan);
    for (const state of states) assertSlotsOwnedOnce(state, 'every-slot');
    const { functions } = requestOf(request);
    const copied = { ...functions, states: new Map([...functions.states.keys()].map((id) => [id, 'same' as const])) };
    const again = planAddNodes(states.at(-1) ?? request.cluster, { ...requestOf(request), functions: copied });
    expect(again).toMatchObject({ ok: true, plan: { steps: [] } });
  });
});
