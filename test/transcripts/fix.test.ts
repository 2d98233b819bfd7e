/**
 * A broken cluster and its evidence in, a plan or its refusal out: what `fix` would do, as files that a person can review.
 * `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { SlotEvidence } from '../../src/lib/model/slot-evidence.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { type FixOptions, planFix } from '../../src/lib/plan/fix.ts';
import { simulateEnd } from '../../src/lib/plan/simulate.ts';
import { renderFixPlan } from '../../src/lib/view/fix-plan.ts';
import { stepLines } from '../../src/lib/view/plan.ts';
import { assertSlotsOwnedOnce } from '../support/invariants.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

interface Case {
  readonly cluster: Topology;
  /** By node, the number of keys in each slot. */
  readonly keys?: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** `slot:key` of keys on several nodes. */
  readonly shared?: readonly (readonly [slot: number, key: string, holders: readonly string[]])[];
  readonly options?: Partial<FixOptions>;
}

const three = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' });
const open = (sides: 'both' | 'migrating' | 'importing', peer = 'b') =>
  topology()
    .primary('a', { slots: '0-5460', ...(sides === 'importing' ? {} : { migrating: { 7: peer } }) })
    .primary('b', { slots: '5461-10922', ...(sides === 'migrating' ? {} : { importing: { 7: 'a' } }) })
    .primary('c', { slots: '10923-16383' })
    .build();
const uncovered = topology()
  .primary('a', { slots: '0-99,110-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' });
const dead = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383', unreachable: 'Connection refused', flags: ['fail'] });

const CASES: Readonly<Record<string, Case>> = {
  whole: { cluster: three.build(), keys: { a: { 7: 3 } } },
  'importing-only-without-keys': { cluster: open('importing'), keys: { a: { 7: 16 } } },
  'importing-only-with-keys-goes-back': { cluster: open('importing'), keys: { a: { 7: 8 }, b: { 7: 8 } } },
  'both-marks-no-key-moved-goes-on': { cluster: open('both'), keys: { a: { 7: 16 } } },
  'both-marks-some-keys-moved-goes-on': { cluster: open('both'), keys: { a: { 7: 12 }, b: { 7: 4 } } },
  'both-marks-all-keys-moved-is-closed': { cluster: open('both'), keys: { b: { 7: 16 } } },
  'both-marks-and-keys-on-both-sides': {
    cluster: open('both'),
    keys: { a: { 7: 16 }, b: { 7: 2 } },
    shared: [
      [7, 'basket:1', ['a', 'b']],
      [7, 'basket:2', ['a', 'b']],
    ],
  },
  'told-to-the-target-only': {
    cluster: topology()
      .primary('a', { slots: '0-5460', migrating: { 7: 'b' } })
      .primary('b', { slots: '7,5461-10922', epoch: 9 })
      .primary('c', { slots: '10923-16383' })
      .build(),
    keys: { b: { 7: 16 } },
  },
  'migrating-only-without-keys': { cluster: open('migrating'), keys: { a: { 7: 16 } } },
  'migrating-only-with-keys-goes-on': { cluster: open('migrating'), keys: { a: { 7: 8 }, b: { 7: 8 } } },
  'migrating-to-a-forgotten-node': { cluster: open('migrating', 'gone'), keys: { a: { 7: 16 } } },
  'target-failed-over-keys-at-its-heir': {
    cluster: topology()
      .primary('a', { slots: '0-5460', migrating: { 7: 'dead' } })
      .primary('b', { slots: '5461-10922', epoch: 9 })
      .primary('c', { slots: '10923-16383' })
      .primary('dead', { unreachable: 'Connection refused', flags: ['fail'] })
      .build(),
    keys: { a: { 7: 8 }, b: { 7: 8 } },
  },
  'source-failed-over-and-the-target-takes-it-for-the-owner': {
    cluster: topology()
      .primary('b', { slots: '5461-10922', importing: { 7: 'dead' } })
      .primary('a', { slots: '0-5460', epoch: 9 })
      .primary('c', { slots: '10923-16383' })
      .primary('dead', { slots: '7', unreachable: 'Connection refused', flags: ['fail'] })
      .build(),
    keys: { a: { 7: 8 }, b: { 7: 8 } },
  },
  'several-importing': {
    cluster: topology()
      .primary('a', { slots: '0-5460', migrating: { 7: 'b' } })
      .primary('b', { slots: '5461-10922', importing: { 7: 'a' } })
      .primary('c', { slots: '10923-16383', importing: { 7: 'a' } })
      .build(),
    keys: { a: { 7: 8 }, b: { 7: 4 }, c: { 7: 4 } },
  },
  'strays-without-marks': { cluster: three.build(), keys: { a: { 7: 3 }, c: { 7: 2, 8: 1 } } },
  'marks-on-a-replica': {
    cluster: three.replica('d', { of: 'b', importing: { 7: 'a' } }).build(),
    keys: { a: { 7: 16 } },
  },
  'the-journal-knows-where-it-was-going': {
    cluster: open('importing'),
    keys: { a: { 7: 8 }, b: { 7: 8 } },
    options: { intents: [{ run: '20261123-011500-4e1f', slots: [[0, 99]], targets: [nodeId('b')] }] },
  },
  'uncovered-without-keys': { cluster: uncovered.build() },
  'uncovered-with-keys-at-one-and-at-two': {
    cluster: uncovered.build(),
    keys: { b: { 100: 3, 101: 1 }, c: { 101: 4 } },
  },
  'uncovered-to-one': {
    cluster: uncovered.build(),
    keys: { b: { 100: 3 } },
    options: { coverTo: '10.0.0.3:7000' },
  },
  'two-owners': {
    cluster: topology()
      .primary('a', { slots: '0-5460' })
      .primary('b', { slots: '5000-10922', epoch: 9 })
      .primary('c', { slots: '10923-16383' })
      .build(),
    keys: { a: { 5001: 2 }, b: { 5001: 3 } },
  },
  'two-owners-with-one-epoch': {
    cluster: topology()
      .primary('a', { slots: '0-5460', epoch: 9 })
      .primary('b', { slots: '5000-10922', epoch: 9 })
      .primary('c', { slots: '10923-16383' })
      .build(),
    keys: { a: { 5001: 2 }, b: { 5001: 3 } },
  },
  'refused-dead-primary': { cluster: dead.build() },
  'refused-dead-primary-with-a-replica': { cluster: dead.replica('d', { of: 'c' }).build() },
  'refused-alive-for-the-others': {
    cluster: topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', unreachable: 'Connection timed out' })
      .build(),
    options: { withUnreachable: true },
  },
  'dead-primary-with-consent': { cluster: dead.build(), options: { withUnreachable: true } },
  'refused-cover-to': { cluster: uncovered.build(), options: { coverTo: '10.0.0.9:7000' } },
  'left-to-the-servers': {
    cluster: open('both'),
    keys: { a: { 7: 16 } },
    options: { busy: { slots: [[9000, 9010]], nodes: [nodeId('b'), nodeId('c')] } },
  },
};

function evidenceOf({ keys = {}, shared = [] }: Case): SlotEvidence {
  return {
    keys: new Map(
      Object.entries(keys).map(([name, counts]) => [
        nodeId(name),
        new Map(Object.entries(counts).map(([slot, count]) => [Number(slot), count])),
      ]),
    ),
    shared: shared.map(([slot, key, holders]) => ({
      slot,
      database: 0,
      key: Buffer.from(key).toString('base64'),
      holders: holders.map(nodeId),
    })),
  };
}

function optionsOf({ options = {} }: Case): FixOptions {
  return { intents: [], coverTo: null, withUnreachable: false, busy: { slots: [], nodes: [] }, ...options };
}

function page(each: Case): string {
  const planned = planFix(each.cluster, evidenceOf(each), optionsOf(each));
  if (!planned.ok)
    return `${planned.refusals.map(({ message, suggestion }) => `${message}\n  ${suggestion ?? ''}`).join('\n')}\n`;
  const steps = stepLines(planned.plan).map((line, index) => `${index + 1}. ${line}`);
  return `${[renderFixPlan(planned, { color: false, width: null }), '', ...steps].join('\n').trimEnd()}\n`;
}

describe('fix', () => {
  it.each(Object.entries(CASES))('%s', async (name, each) => {
    await expect(page(each)).toMatchFileSnapshot(`fix/${name}.txt`);
  });

  it.each(Object.entries(CASES))('%s: the plan ends with every slot whole', (_, each) => {
    const planned = planFix(each.cluster, evidenceOf(each), optionsOf(each));
    if (!planned.ok || each.options?.busy !== undefined) return;
    const end = simulateEnd(each.cluster, planned.plan);
    assertSlotsOwnedOnce(end, 'every-slot');
    const again = planFix(end, { keys: new Map(), shared: [] }, optionsOf(each));
    expect(again).toMatchObject({ ok: true, plan: { steps: [] } });
  });

  it('is the same whatever order the nodes are in', () => {
    for (const each of Object.values(CASES)) {
      const turned = { ...each.cluster, nodes: [...each.cluster.nodes].reverse() };
      const plan = (cluster: Topology) => planFix(cluster, evidenceOf(each), optionsOf(each));
      const [here, there] = [plan(each.cluster), plan(turned)];
      if (here.ok && there.ok) expect(there.plan.steps).toEqual(here.plan.steps);
      expect(there.ok).toBe(here.ok);
    }
  });
});
