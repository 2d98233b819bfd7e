/** Going on and going back where a run, or the way back of one, was killed with slots open. */
import { describe, expect, it } from 'vitest';
import { basisOf } from '../../../src/lib/plan/basis.ts';
import type { MoveSlots, Plan } from '../../../src/lib/plan/plan.ts';
import { planFinishOpen, planResume, planUndo } from '../../../src/lib/plan/resume.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const BEFORE = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' }).build();
const MOVE: MoveSlots = {
  kind: 'move-slots',
  source: { id: nodeId('a'), address: '10.0.0.1:7000' },
  target: { id: nodeId('b'), address: '10.0.0.2:7000' },
  slots: [[0, 9]],
  mover: 'key-wise',
  estimate: null,
};
const PLAN: Plan = { version: 1, intention: 'move ten slots', basis: basisOf(BEFORE), steps: [MOVE], hazards: [] };
const BEGUN = new Set([0]);

/** Slots 0-4 were moved; slot 4 was on its way back when the undo was killed. */
const ON_ITS_WAY_BACK = topology()
  .primary('a', { slots: '5-8191', importing: { 4: 'b' } })
  .primary('b', { slots: '0-4,8192-16383', migrating: { 4: 'a' } })
  .build();

describe('a slot that is on its way back', () => {
  it('is not moved forth again before it goes back', () => {
    expect(planFinishOpen(PLAN, ON_ITS_WAY_BACK)).toMatchObject({ ok: true, plan: { steps: [] } });
  });

  it('goes back with the others', () => {
    expect(planUndo(PLAN, BEGUN, ON_ITS_WAY_BACK)).toMatchObject({
      ok: true,
      plan: { steps: [{ source: MOVE.target, target: MOVE.source, slots: [[0, 4]] }] },
    });
  });

  it('is a reason not to go on with the run', () => {
    expect(planResume(PLAN, ON_ITS_WAY_BACK)).toMatchObject({
      ok: false,
      refusals: [{ message: 'Slot 4 is on its way back to 10.0.0.1:7000: go on with `cluster undo`.' }],
    });
  });
});

it('a slot that is open forth is moved to its end first, and then goes back', () => {
  const open = topology()
    .primary('a', { slots: '3-8191', migrating: { 3: 'b' } })
    .primary('b', { slots: '0-2,8192-16383', importing: { 3: 'a' } })
    .build();
  expect(planFinishOpen(PLAN, open)).toMatchObject({
    ok: true,
    plan: { steps: [{ source: MOVE.source, target: MOVE.target, slots: [[3, 3]] }] },
  });
  expect(planResume(PLAN, open)).toMatchObject({ ok: true, plan: { steps: [{ slots: [[3, 9]] }] } });
});
