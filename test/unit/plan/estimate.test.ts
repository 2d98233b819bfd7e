import { describe, expect, it } from 'vitest';
import type { Measures } from '../../../src/lib/plan/estimate.ts';
import { LARGE_KEY_BYTES, withEstimates } from '../../../src/lib/plan/estimate.ts';
import type { MoveSlots, Plan } from '../../../src/lib/plan/plan.ts';
import { nodeId } from '../../support/topology-builder.ts';

const NOTHING: Measures = {
  keysInSlot: new Map(),
  bytesPerKey: new Map(),
  memory: new Map(),
  roundTripMs: 0,
  largeKeys: [],
};

function planOf(mover: MoveSlots['mover'], ...slots: MoveSlots['slots']): Plan {
  const source = { id: nodeId('a'), address: 'a:1' };
  const target = { id: nodeId('b'), address: 'b:1' };
  const move: MoveSlots = { kind: 'move-slots', source, target, slots, mover, estimate: null };
  return { version: 1, intention: '', basis: '', steps: [move], hazards: [{ name: 'no-replica', message: 'Alone.' }] };
}

function estimated(mover: MoveSlots['mover'], measures: Partial<Measures>): Plan {
  return withEstimates(planOf(mover, [0, 9]), { ...NOTHING, ...measures });
}

function estimateIn(plan: Plan): MoveSlots['estimate'] | undefined {
  const [step] = plan.steps;
  return step?.kind === 'move-slots' ? step.estimate : undefined;
}

const thousandEach = new Map(Array.from({ length: 10 }, (_, slot) => [slot, 1000] as const));
const hundredBytes = new Map([[nodeId('a'), 100]]);

describe('withEstimates', () => {
  it('counts keys and bytes, and expects a time by the mover', () => {
    const measures = { keysInSlot: thousandEach, bytesPerKey: hundredBytes };
    expect(estimateIn(estimated('key-wise', measures))).toEqual({ keys: 10_000, bytes: 1_000_000, durationMs: 101 });
    expect(estimateIn(estimated('atomic', measures))).toEqual({ keys: 10_000, bytes: 1_000_000, durationMs: 325 });
  });

  it('expects more time of distant nodes', () => {
    const measures = { keysInSlot: thousandEach, bytesPerKey: hundredBytes, roundTripMs: 10 };
    expect(estimateIn(estimated('key-wise', measures))?.durationMs).toBe(101 + 3 * 7 * 10);
    expect(estimateIn(estimated('atomic', measures))?.durationMs).toBe(325 + 2 * 10);
  });

  it('expects empty slots to be quick, and does not ask how large no keys are', () => {
    const keysInSlot = new Map(Array.from({ length: 10 }, (_, slot) => [slot, 0] as const));
    expect(estimateIn(estimated('key-wise', { keysInSlot }))).toEqual({ keys: 0, bytes: 0, durationMs: 1 });
  });

  it('estimates nothing where something was not measured', () => {
    const nine = new Map([...thousandEach].slice(0, 9));
    expect(estimateIn(estimated('key-wise', { keysInSlot: nine, bytesPerKey: hundredBytes }))).toBeNull();
    expect(estimateIn(estimated('key-wise', { keysInSlot: thousandEach }))).toBeNull();
  });

  it('warns of a target whose memory does not suffice, but not of one without a limit', () => {
    const measures = { keysInSlot: thousandEach, bytesPerKey: new Map([[nodeId('a'), 1000]]) };
    const full = (used: number, max: number): readonly string[] =>
      estimated('atomic', { ...measures, memory: new Map([[nodeId('b'), { used, max }]]) }).hazards.map(
        ({ name }) => name,
      );
    expect(full(5_000_000, 14_999_999)).toEqual(['no-replica', 'maxmemory']);
    expect(full(5_000_000, 15_000_000)).toEqual(['no-replica']);
    expect(full(5_000_000, 0)).toEqual(['no-replica']);
  });

  it('warns of large keys in slots that move key by key, the largest first', () => {
    const key = (name: string, slot: number, bytes = LARGE_KEY_BYTES + 1): Measures['largeKeys'][number] => ({
      key: name,
      slot,
      bytes,
      nodeId: nodeId('a'),
    });
    const largeKeys = [
      key('x', 1),
      key('y', 2, 3 * LARGE_KEY_BYTES),
      key('elsewhere', 10),
      key('small', 3, LARGE_KEY_BYTES),
      { ...key('of another', 1), nodeId: nodeId('c') },
    ];
    expect(estimated('key-wise', { largeKeys }).hazards.at(-1)).toEqual({
      name: 'large-keys',
      message:
        'Source and target serve nobody while one of these large keys is moved: y (slot 2, 48.0 MiB) and x (slot 1, 16.0 MiB).',
    });
    expect(estimated('atomic', { largeKeys }).hazards).toHaveLength(1);
  });

  it('replaces what it said before', () => {
    const once = estimated('key-wise', {
      keysInSlot: thousandEach,
      bytesPerKey: hundredBytes,
      memory: new Map([[nodeId('b'), { used: 1, max: 1 }]]),
    });
    expect(once.hazards).toHaveLength(2);
    expect(withEstimates(once, NOTHING)).toEqual(planOf('key-wise', [0, 9]));
  });
});
