/**
 * Nodes and a command in, a plan or its refusal out: what `create` would do, as files that a person can review.
 * `npx vitest run --project unit -u test/transcripts` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import { countInWords } from '../../src/lib/check/words.ts';
import { formatFlavor } from '../../src/lib/model/flavor.ts';
import { roleOf } from '../../src/lib/model/node.ts';
import { formatSlots } from '../../src/lib/model/slot-set.ts';
import type { Topology, TopologyNode } from '../../src/lib/model/topology.ts';
import { keyCount } from '../../src/lib/model/topology.ts';
import type { CreateOptions } from '../../src/lib/plan/create.ts';
import { planCreate } from '../../src/lib/plan/create.ts';
import { parseLayout } from '../../src/lib/plan/layout-file.ts';
import type { Planned } from '../../src/lib/plan/plan.ts';
import { planReset } from '../../src/lib/plan/reset.ts';
import { renderPlan, stepLines } from '../../src/lib/view/plan.ts';
import { PLAIN } from '../../src/lib/view/style.ts';
import { newNodes } from '../support/new-nodes.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

interface Request {
  readonly cluster: Topology;
  readonly replicas?: number;
  readonly zones?: Readonly<Record<string, string>>;
  readonly layout?: object;
}

const VALKEY = { product: 'valkey', version: '9.1.2' } as const;

/** `hosts` hosts with `nodes` nodes each, host by host, as an inventory lists them. */
function inventory(hosts: number, nodes: number): readonly string[] {
  const names = Array.from({ length: hosts }, (_, host) => `10.0.0.${host + 1}`);
  return names.flatMap((host) => Array.from({ length: nodes }, (_, node) => `${host}:${7000 + node}`));
}

const loopback = ['7000', '7001', '7002', '7003', '7004', '7005'].map((port) => `127.0.0.1:${port}`);

const REQUESTS: Readonly<Record<string, Request>> = {
  'six-nodes-on-one-host': { cluster: newNodes(loopback), replicas: 1 },
  'three-hosts-two-nodes-each': { cluster: newNodes(inventory(3, 2)), replicas: 1 },
  'three-primaries-without-replicas': { cluster: newNodes(inventory(3, 1)) },
  'six-hosts-in-three-zones': {
    cluster: newNodes(inventory(6, 1)),
    replicas: 1,
    zones: { '10.0.0.1': 'a', '10.0.0.2': 'a', '10.0.0.3': 'b', '10.0.0.4': 'b', '10.0.0.5': 'c', '10.0.0.6': 'c' },
  },
  'two-hosts-of-different-size': { cluster: newNodes([...inventory(1, 5), '10.0.0.2:7000']), replicas: 1 },
  'nodes-left-over': { cluster: newNodes([...inventory(3, 2), '10.0.0.4:7000']), replicas: 1 },
  'more-left-over-than-shards': { cluster: newNodes(inventory(7, 1)), replicas: 3 },
  'one-node': { cluster: newNodes(['10.0.0.1:7000']) },
  'two-valkey-nodes': {
    cluster: newNodes(inventory(2, 1), { '10.0.0.1:7000': { flavor: VALKEY }, '10.0.0.2:7000': { flavor: VALKEY } }),
  },
  'mixed-servers': {
    cluster: newNodes(inventory(3, 1), {
      '10.0.0.2:7000': { flavor: VALKEY },
      '10.0.0.3:7000': { flavor: { product: 'redis', version: '8.0.2' } },
    }),
  },
  'layout-from-a-file': {
    cluster: newNodes(inventory(5, 1)),
    layout: {
      shards: [
        { primary: '10.0.0.5:7000', replicas: ['10.0.0.4:7000'], slots: '0-99,200-16383' },
        { primary: '10.0.0.1:7000', replicas: ['10.0.0.2:7000', '10.0.0.3:7000'], slots: '100-199' },
      ],
    },
  },
  'refused-layout-of-other-nodes': {
    cluster: newNodes(inventory(2, 1)),
    layout: { shards: [{ primary: '10.0.0.1:7000' }, { primary: '10.0.0.9:7000' }] },
  },
  'refused-too-few-nodes': { cluster: newNodes(inventory(2, 1)), replicas: 2 },
  'refused-node-named-twice': { cluster: newNodes(['10.0.0.1:7000', '10.0.0.2:7000', '10.0.0.1:7000']) },
  'refused-nodes-in-use': {
    cluster: topology()
      .primary('a', { slots: '0-8191', info: { db0: 'keys=1200,expires=0,avg_ttl=0' } })
      .primary('b', { slots: '8192-16383' })
      .replica('c', { of: 'a' })
      .primary('d', { lonely: true, epoch: 0, info: { db0: 'keys=1,expires=0,avg_ttl=0' } })
      .primary('e', {
        lonely: true,
        epoch: 0,
        unreachable: 'Could not connect to Redis at 10.0.0.5:7000: Connection refused',
      })
      .primary('f', {
        lonely: true,
        epoch: 0,
        unreachable: '[ERR] Node 10.0.0.6:7000 is not configured as a cluster node.',
      })
      .build(),
    replicas: 1,
  },
};

/** What can be told about a node from its own word, in one line. */
function nodeLine(node: TopologyNode): string {
  const { host, port } = node.address;
  if (!node.reach.ok) return `  ${host}:${port}, no answer`;
  const { view } = node.reach;
  const others = view.entries.length - 1;
  return [
    `  ${host}:${port}`,
    formatFlavor(view.flavor),
    ...(roleOf(node.entry) === 'replica' ? ['a replica'] : []),
    ...(node.entry.slots.length > 0 ? [`slots ${formatSlots(node.entry.slots)}`] : []),
    ...(keyCount(view) > 0 ? [`keys ${keyCount(view)}`] : []),
    ...(others > 0 ? [`knows ${countInWords(others, 'other node')}`] : []),
  ].join(', ');
}

function page(command: string, cluster: Topology, planned: Planned): string {
  const answer = planned.ok
    ? [
        renderPlan(planned.plan, cluster, PLAIN),
        '',
        `To ${planned.plan.intention}:`,
        ...stepLines(planned.plan).map((step) => `  ${step}`),
      ]
    : planned.refusals.flatMap(({ rule, message, suggestion }) => [
        `[ERR] ${message}`,
        `    (${rule}) ${suggestion ?? ''}`.trimEnd(),
      ]);
  return ['Nodes:', ...cluster.nodes.map(nodeLine), '', `$ ${command}`, ...answer, ''].join('\n');
}

describe('create', () => {
  it.each(Object.entries(REQUESTS))('%s', async (name, { cluster, replicas = 0, zones = {}, layout }) => {
    const parsed = layout && parseLayout(layout);
    const options: CreateOptions = {
      replicas,
      zones: new Map(Object.entries(zones)),
      ...(parsed?.ok ? { layout: parsed.layout } : {}),
    };
    const flags = [
      ...(replicas > 0 ? [`--replicas ${replicas}`] : []),
      ...Object.entries(zones).map(([host, zone]) => `--zone ${host}=${zone}`),
      ...(layout ? [`--topology FILE (${JSON.stringify(layout)})`] : []),
    ];
    const command = ['cluster create NODES', ...flags].join(' ');
    await expect(page(command, cluster, planCreate(cluster, options))).toMatchFileSnapshot(`create/${name}.txt`);
  });

  it('leftovers-of-an-interrupted-run', async () => {
    const cluster = topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383' })
      .primary('c', { lonely: true, epoch: 0 })
      .build();
    const planned = planReset(
      cluster,
      new Set(['a', 'b', 'c'].map(nodeId)),
      'clear away what an interrupted creation left behind',
    );
    const text = page('cluster create NODES (after a run that was killed)', cluster, planned);
    await expect(text).toMatchFileSnapshot('create/leftovers-of-an-interrupted-run.txt');
  });
});
