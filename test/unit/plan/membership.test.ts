import { describe, expect, it } from 'vitest';
import { planAddNodes } from '../../../src/lib/plan/add-nodes.ts';
import { commandAgain, commandBack, membershipOf } from '../../../src/lib/plan/membership.ts';
import type { Plan } from '../../../src/lib/plan/plan.ts';
import { planRemoveNodes } from '../../../src/lib/plan/remove-nodes.ts';
import { planReshard } from '../../../src/lib/plan/reshard.ts';
import { accepted } from '../../support/accepted.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .replica('c', { of: 'b' })
  .primary('n', { lonely: true, epoch: 0 })
  .build();

function adding(isReplica: boolean, isMoving = false): Plan {
  return accepted(
    planAddNodes(cluster, {
      ids: [nodeId('n')],
      role: isReplica ? { kind: 'replica', of: null } : { kind: 'primary' },
      zones: new Map(),
      functions: { source: null, states: new Map() },
      rebalance: isMoving ? { mover: 'auto' } : null,
    }),
  );
}

function removing(name: string, isDraining = false): Plan {
  const members = { ...cluster, nodes: cluster.nodes.slice(0, 3) };
  const drain = isDraining ? ({ to: null, mover: 'auto' } as const) : null;
  return accepted(planRemoveNodes(members, { names: [nodeId(name)], drain, zones: new Map(), which: 'any' }));
}

describe('the command that does the rest, and the one that does the opposite', () => {
  it.each([
    ['a new primary', adding(false), 'add-node 10.0.0.4:7000 10.0.0.1:7000', `del-node 10.0.0.1:7000 ${nodeId('n')}`],
    [
      'a new primary with slots',
      adding(false, true),
      'add-node 10.0.0.4:7000 10.0.0.1:7000 --rebalance',
      `del-node 10.0.0.1:7000 ${nodeId('n')} --drain`,
    ],
    [
      'a new replica, of the same primary as before',
      adding(true),
      `add-node 10.0.0.4:7000 10.0.0.1:7000 --replica --of ${nodeId('a')}`,
      `del-node 10.0.0.1:7000 ${nodeId('n')}`,
    ],
    [
      'a removed replica',
      removing('c'),
      `del-node 10.0.0.1:7000 ${nodeId('c')}`,
      `add-node 10.0.0.3:7000 10.0.0.1:7000 --replica --of ${nodeId('b')}`,
    ],
    [
      'a drained primary',
      removing('b', true),
      `del-node 10.0.0.1:7000 ${nodeId('b')} --drain`,
      'add-node 10.0.0.2:7000 10.0.0.1:7000',
    ],
  ])('%s', (_, plan, again, back) => {
    expect([commandAgain(plan), commandBack(plan)]).toEqual([`cluster ${again}`, `cluster ${back}`]);
  });

  it('are none for a plan that only moves slots', () => {
    const members = { ...cluster, nodes: cluster.nodes.slice(0, 3) };
    const plan = accepted(
      planReshard(members, { to: [nodeId('a')], from: 'all', amount: { kind: 'count', slots: 5 }, mover: 'auto' }),
    );
    expect([membershipOf(plan), commandAgain(plan), commandBack(plan)]).toEqual([null, null, null]);
  });
});
