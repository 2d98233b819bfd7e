import { describe, expect, it } from 'vitest';
import type { CreateOptions } from '../../../src/lib/plan/create.ts';
import { planCreate } from '../../../src/lib/plan/create.ts';
import type { Plan } from '../../../src/lib/plan/plan.ts';
import { newNodes } from '../../support/new-nodes.ts';
import { topology } from '../../support/topology-builder.ts';

const SIX = ['7000', '7001', '7002', '7003', '7004', '7005'].map((port) => `127.0.0.1:${port}`);

function planFor(addresses: readonly string[], options: Partial<CreateOptions> = {}): Plan {
  const planned = planCreate(newNodes(addresses), { replicas: 0, zones: new Map(), ...options });
  if (!planned.ok) throw new Error(planned.refusals.map(({ message }) => message).join('\n'));
  return planned.plan;
}

const replications = (plan: Plan): readonly string[] =>
  plan.steps.flatMap((step) => (step.kind === 'replicate' ? [`${step.node.address} -> ${step.primary.address}`] : []));

describe('planCreate', () => {
  it('makes the first nodes primaries where nothing else tells them apart', () => {
    expect(replications(planFor(SIX, { replicas: 1 }))).toEqual([
      '127.0.0.1:7003 -> 127.0.0.1:7000',
      '127.0.0.1:7004 -> 127.0.0.1:7001',
      '127.0.0.1:7005 -> 127.0.0.1:7002',
    ]);
  });

  it('sets epochs and slots, joins each shard, replicates, then joins all', () => {
    const kinds = planFor(SIX, { replicas: 1 }).steps.map(({ kind }) => kind);
    const stages = kinds.filter((kind, index) => kind !== kinds[index - 1]);
    expect(stages).toEqual(['set-epoch', 'add-slots', 'join', 'replicate', 'join']);
  });

  it('keeps epochs that are there, and gives none twice', () => {
    const nodes = newNodes(SIX, { [SIX[1] ?? '']: { epoch: 2 }, [SIX[4] ?? '']: { epoch: 4 } });
    const planned = planCreate(nodes, { replicas: 1, zones: new Map() });
    const epochs = planned.ok
      ? planned.plan.steps.flatMap((step) => (step.kind === 'set-epoch' ? [step.epoch] : []))
      : [];
    expect(epochs).toEqual([1, 3, 5, 6]);
  });

  it('does not join a node with itself', () => {
    expect(planFor(['a:7000']).steps.map(({ kind }) => kind)).toEqual(['set-epoch', 'add-slots']);
  });

  it('spreads nodes that are left over', () => {
    const plan = planFor([...SIX, '127.0.0.1:7006'], { replicas: 1 });
    expect(replications(plan)).toHaveLength(4);
    expect(plan.intention).toBe('create a cluster of 3 shards from 7 nodes');
  });

  it('leaves no node without a part where there are more left over than shards', () => {
    expect(replications(planFor(SIX, { replicas: 3 }))).toHaveLength(5);
  });

  it('knows a host by the address that its nodes announce, under whatever name it was typed', () => {
    const built = newNodes(['one.example:7000', 'alias.example:7001', 'b:7000', 'b:7001', 'c:7000', 'c:7001']);
    const nodes = built.nodes.map((node, index) =>
      index < 2 ? { ...node, peerAddress: { ...node.peerAddress, host: '10.0.0.1' } } : node,
    );
    const planned = planCreate({ ...built, nodes }, { replicas: 1, zones: new Map([['alias.example', 'z']]) });
    expect(planned.ok && planned.plan.hazards).toEqual([]);
    expect(planned.ok && replications(planned.plan)).not.toContain('alias.example:7001 -> one.example:7000');
  });

  it('takes a layout as it is', () => {
    const at = (port: number): { readonly host: string; readonly port: number } => ({ host: '127.0.0.1', port });
    const plan = planFor(SIX.slice(0, 3), {
      layout: [
        {
          primary: at(7002),
          replicas: [at(7000)],
          slots: [
            [0, 99],
            [200, 16383],
          ],
        },
        { primary: at(7001), replicas: [], slots: [[100, 199]] },
      ],
    });
    expect(replications(plan)).toEqual(['127.0.0.1:7000 -> 127.0.0.1:7002']);
    expect(plan.steps.filter(({ kind }) => kind === 'add-slots')).toMatchObject([
      {
        node: { address: '127.0.0.1:7002' },
        slots: [
          [0, 99],
          [200, 16383],
        ],
      },
      { node: { address: '127.0.0.1:7001' }, slots: [[100, 199]] },
    ]);
  });

  it('refuses with every reason at once', () => {
    const nodes = topology()
      .primary('keys', { lonely: true, info: { db0: 'keys=3,expires=0' } })
      .primary('slots', { lonely: true, slots: '0-9' })
      .replica('replica', { of: 'slots', lonely: true })
      .primary('down', { lonely: true, unreachable: 'Connection refused' })
      .primary('met', { lonely: true, clusterInfo: { cluster_known_nodes: '3' } })
      .build();
    const planned = planCreate(
      { ...nodes, nodes: [...nodes.nodes, ...nodes.nodes.slice(0, 1)] },
      { replicas: 6, zones: new Map() },
    );
    expect(planned.ok ? [] : planned.refusals.map(({ rule }) => rule)).toEqual([
      'not-empty',
      'slots-assigned',
      'not-primary',
      'unreachable',
      'not-empty',
      'not-empty',
      'same-node-twice',
      'too-few-nodes',
    ]);
  });

  it('says in redis-cli’s words that a node is not empty, and in its own which of the two it is', () => {
    const planned = planCreate(newNodes(['a:1'], { 'a:1': { info: { db0: 'keys=1,expires=0' } } }), {
      replicas: 0,
      zones: new Map(),
    });
    expect(planned.ok ? [] : planned.refusals).toMatchObject([
      {
        message:
          'Node a:1 is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.',
        suggestion: 'a:1 holds 1 key: if nobody needs its data, send it FLUSHALL.',
      },
    ]);
  });
});
