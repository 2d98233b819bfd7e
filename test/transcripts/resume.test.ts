/**
 * An earlier plan and the cluster as it is now in, the plan of `resume` or `undo` out, as files that a person can
 * review. `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { Planned } from '../../src/lib/plan/plan.ts';
import { planReshard } from '../../src/lib/plan/reshard.ts';
import { planFinishOpen, planFinishSeen, planResume, planUndo } from '../../src/lib/plan/resume.ts';
import { simulateEnd } from '../../src/lib/plan/simulate.ts';
import { accepted } from '../support/accepted.ts';
import { movePage } from '../support/move-page.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

const before = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' })
  .replica('d', { of: 'a' })
  .build();

/** Slots 0-9 from the first to the third primary. */
const PLAN = accepted(
  planReshard(before, {
    to: [nodeId('c')],
    amount: { kind: 'ranges', slots: [[0, 9]] },
    mover: 'key-wise',
  }),
);

const b = { slots: '5461-10922' };
const begun = topology()
  .primary('a', { slots: '4-5460', migrating: { 4: 'c', 5: 'c' } })
  .primary('b', b)
  .primary('c', { slots: '0-3,10923-16383', importing: { 4: 'a', 5: 'a' }, epoch: 8 })
  .replica('d', { of: 'a' })
  .build();
const killedWhileClosing = topology()
  .primary('a', { slots: '6-5460', migrating: { 5: 'c', 6: 'c' } })
  .primary('b', b)
  .primary('c', { slots: '0-5,10923-16383', importing: { 6: 'a' }, epoch: 8 })
  .replica('d', { of: 'a' })
  .build();
const moved = topology()
  .primary('a', { slots: '10-5460' })
  .primary('b', b)
  .primary('c', { slots: '0-9,10923-16383', epoch: 8 })
  .replica('d', { of: 'a' })
  .build();
const onlyOpen = topology()
  .primary('a', { slots: '10-5460', migrating: { 9: 'c' } })
  .primary('b', b)
  .primary('c', { slots: '0-9,10923-16383', epoch: 8 })
  .replica('d', { of: 'a' })
  .build();
const failedOver = topology()
  .primary('d', { slots: '4-5460', epoch: 9 })
  .primary('b', b)
  .primary('c', { slots: '0-3,10923-16383', importing: { 4: 'a' }, epoch: 8 })
  .replica('a', { of: 'd', flags: ['fail'], unreachable: 'Connection refused' })
  .build();
const goneElsewhere = topology()
  .primary('a', { slots: '6-5460' })
  .primary('b', { slots: '4-5,5461-10922', epoch: 9 })
  .primary('c', { slots: '0-3,10923-16383', epoch: 8 })
  .replica('d', { of: 'a' })
  .build();
const targetDown = topology()
  .primary('a', { slots: '4-5460' })
  .primary('b', b)
  .primary('c', { slots: '0-3,10923-16383', unreachable: 'Connection refused', flags: ['fail'] })
  .replica('d', { of: 'a' })
  .build();

const ALL = new Set(PLAN.steps.keys());

const PAGES: Readonly<Record<string, readonly [command: string, now: Topology, planned: (now: Topology) => Planned]>> =
  {
    'resume-half-moved': ['cluster resume', begun, (now) => planResume(PLAN, now)],
    'resume-killed-while-closing': ['cluster resume', killedWhileClosing, (now) => planResume(PLAN, now)],
    'resume-only-open': ['cluster resume', onlyOpen, (now) => planResume(PLAN, now)],
    'resume-all-done': ['cluster resume', moved, (now) => planResume(PLAN, now)],
    'resume-not-begun': ['cluster resume', before, (now) => planResume(PLAN, now)],
    'resume-after-a-failover': ['cluster resume', failedOver, (now) => planResume(PLAN, now)],
    'resume-refused-slots-gone-elsewhere': ['cluster resume', goneElsewhere, (now) => planResume(PLAN, now)],
    'resume-refused-target-down': ['cluster resume', targetDown, (now) => planResume(PLAN, now)],
    'resume-from-another-machine': ['cluster resume 10.0.0.1:7000', begun, planFinishSeen],
    'resume-from-another-machine-after-a-failover': ['cluster resume 10.0.0.1:7000', failedOver, planFinishSeen],
    'resume-from-another-machine-nothing-open': ['cluster resume 10.0.0.1:7000', moved, planFinishSeen],
    'undo-closes-what-is-open-first': ['cluster undo', begun, (now) => planFinishOpen(PLAN, now)],
    'undo-closes-a-slot-without-moving-it': ['cluster undo', onlyOpen, (now) => planFinishOpen(PLAN, now)],
    'undo-half-moved': [
      'cluster undo',
      simulateEnd(begun, accepted(planFinishOpen(PLAN, begun))),
      (now) => planUndo(PLAN, ALL, now),
    ],
    'undo-all-moved': ['cluster undo', moved, (now) => planUndo(PLAN, ALL, now)],
    'undo-not-begun': ['cluster undo', before, (now) => planUndo(PLAN, new Set(), now)],
  };

describe('resume and undo', () => {
  it.each(Object.entries(PAGES))('%s', async (name, [command, now, planned]) => {
    await expect(movePage(command, now, planned(now))).toMatchFileSnapshot(`resume/${name}.txt`);
  });
});
