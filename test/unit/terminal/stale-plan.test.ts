import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../src/lib/model/node.ts';
import type { SlotEvidence } from '../../../src/lib/model/slot-evidence.ts';
import { orderedById, type Topology } from '../../../src/lib/model/topology.ts';
import { planAddNodes } from '../../../src/lib/plan/add-nodes.ts';
import { withEstimates } from '../../../src/lib/plan/estimate.ts';
import { planFix } from '../../../src/lib/plan/fix.ts';
import type { Plan } from '../../../src/lib/plan/plan.ts';
import { planRemoveNodes } from '../../../src/lib/plan/remove-nodes.ts';
import { digestOf } from '../../../src/lib/terminal/fix-command.ts';
import { refuseOtherPlan } from '../../../src/lib/terminal/stale-plan.ts';
import { accepted } from '../../support/accepted.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const five = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .replica('c', { of: 'a', info: { master_link_status: 'up' } })
  .replica('d', { of: 'a', info: { master_link_status: 'up' } });
const linkless = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .replica('c', { of: 'a', info: { master_link_status: 'up' } })
  .replica('d', { of: 'a', info: { master_link_status: 'down' } });

function removal(of: Topology, name: string, drain = false): Plan {
  const request = { names: [nodeId(name)], zones: new Map(), which: 'any' } as const;
  return accepted(planRemoveNodes(of, { ...request, drain: drain ? { to: null, mover: 'key-wise' } : null }));
}

function fix(of: Topology, keys: SlotEvidence['keys']): Plan {
  return accepted(
    planFix(
      of,
      { keys, shared: [] },
      { intents: [], coverTo: null, withUnreachable: false, busy: { slots: [], nodes: [] } },
    ),
  );
}

/** The basis is the same in each of these tests: what differs is what it does not show. */
function difference(saved: Plan, again: Plan): string {
  expect(again.basis).toBe(saved.basis);
  // As it was read from a file.
  try {
    refuseOtherPlan(JSON.parse(JSON.stringify(saved)), again);
    return '';
  } catch (cause) {
    return String(cause);
  }
}

describe('a plan that was saved is stale', () => {
  it('where a link is down, so that it costs more than was consented to', () => {
    const text = difference(removal(five.build(), 'c'), removal(linkless.build(), 'c'));
    expect(text).toContain('Now also: 10.0.0.1:7000 will have no healthy replica left');
    expect(difference(removal(linkless.build(), 'c'), removal(five.build(), 'c'))).toBe('');
  });

  it('where keys came to a node that does not own their slot', () => {
    const open = topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', importing: { 7: 'a' } })
      .build();
    const keys = new Map<NodeId, ReadonlyMap<number, number>>([[nodeId('b'), new Map([[7, 3]])]]);
    expect(difference(fix(open, new Map()), fix(open, keys))).toContain('Now: Bring the keys of slot 7 from');
    expect(difference(fix(open, keys), fix(open, new Map()))).toContain('No longer: Bring the keys of slot 7 from');
  });

  it('where the cluster has functions by now', () => {
    const grown = five.primary('n', { lonely: true, epoch: 0 }).build();
    const plan = (source: string | null): Plan =>
      accepted(
        planAddNodes(grown, {
          ids: [nodeId('n')],
          role: { kind: 'primary' },
          zones: new Map(),
          functions: {
            source: source === null ? null : { id: nodeId(source), address: '10.0.0.1:7000' },
            states: new Map([[nodeId('n'), 'none']]),
          },
          rebalance: null,
        }),
      );
    expect(difference(plan(null), plan('a'))).toContain('Now: Copy the functions of 10.0.0.1:7000 to 10.0.0.5:7000.');
  });
});

describe('a plan that was saved is the same', () => {
  it('where another node was asked, at whatever address', () => {
    const now = five.build();
    const nodes = now.nodes.toReversed().map((node) => ({ ...node, address: { ...node.address, host: 'elsewhere' } }));
    const other = { ...now, nodes, seed: nodes[0]?.address ?? now.seed };
    expect(difference(removal(orderedById(now), 'c'), removal(orderedById(other), 'c'))).toBe('');
  });

  it('whatever was measured', () => {
    const six = five.replica('e', { of: 'b', info: { master_link_status: 'up' } }).build();
    const plan = removal(six, 'b', true);
    const measures = {
      keysInSlot: new Map(Array.from({ length: 16384 }, (_, slot) => [slot, 1])),
      bytesPerKey: new Map([[nodeId('b'), 1e9]]),
      memory: new Map([[nodeId('a'), { used: 1, max: 2 }]]),
      roundTripMs: 1,
      largeKeys: [],
    };
    const measured = withEstimates(plan, measures);
    expect(measured.hazards.length).toBeGreaterThan(plan.hazards.length);
    expect(difference(plan, measured)).toBe('');
    expect(difference(measured, plan)).toBe('');
  });
});

it('the digest of shared keys depends on keys and holders, not on their order', () => {
  const shared = ['k1', 'k2'].map((key) => ({ slot: 7, database: 0, key, holders: [nodeId('a'), nodeId('b')] }));
  expect(digestOf(shared.toReversed())).toBe(digestOf(shared));
  expect(digestOf(shared.slice(1))).not.toBe(digestOf(shared));
  expect(digestOf(shared.map((each) => ({ ...each, holders: [nodeId('a'), nodeId('c')] })))).not.toBe(digestOf(shared));
});
