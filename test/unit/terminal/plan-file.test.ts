import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPlan } from '../../../src/lib/terminal/plan-file.ts';
import { nodeId } from '../../support/topology-builder.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'cluster-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));

function saved(text: string): string {
  const file = path.join(folder, 'plan.json');
  writeFileSync(file, text);
  return file;
}

const step = {
  kind: 'move-slots',
  source: { id: nodeId('a'), address: '10.0.0.1:7000' },
  target: { id: nodeId('b'), address: '10.0.0.2:7000' },
  slots: [[0, 9]],
  mover: 'key-wise',
  estimate: null,
};
const plan = { version: 1, intention: 'move', basis: 'as it was', steps: [step], hazards: [] };

const CREATION = [
  { kind: 'set-epoch', node: step.source, epoch: 1 },
  { kind: 'add-slots', node: step.source, slots: [[0, 16383]] },
  { kind: 'join', nodes: [step.source, step.target] },
  { kind: 'replicate', node: step.target, primary: step.source },
];

describe('a saved plan', () => {
  it('is read as it was written', () => {
    const full = {
      ...plan,
      steps: [{ ...step, estimate: { keys: 1, bytes: 2, durationMs: 3 } }],
      hazards: [{ name: 'x', message: 'y' }],
    };
    expect(readPlan(saved(JSON.stringify(full)))).toEqual(full);
    expect(readPlan(saved(JSON.stringify({ ...plan, steps: [] }))).steps).toEqual([]);
    expect(readPlan(saved(JSON.stringify({ ...plan, steps: CREATION }))).steps).toEqual(CREATION);
  });

  it.each<[string, unknown]>([
    ['it is not a JSON object', []],
    ['it is not a JSON object', 'plan'],
    ['it is not a JSON object', null],
    ['its version is 2, not 1', { ...plan, version: 2 }],
    ['its version is undefined, not 1', {}],
    ['it has no intention or no basis', { ...plan, intention: undefined }],
    ['it has no intention or no basis', { ...plan, basis: 5 }],
    ['it has no steps or no hazards', { ...plan, steps: {} }],
    ['it has no steps or no hazards', { ...plan, hazards: null }],
    ['a hazard is not a name and a message', { ...plan, hazards: ['danger'] }],
    [
      'step 1 is "reset", which is for the command that planned it: type that again',
      { ...plan, steps: [{ kind: 'reset', node: step.source }] },
    ],
    [
      'step 1 is "toString", which is for the command that planned it: type that again',
      { ...plan, steps: [{ kind: 'toString' }] },
    ],
    ['step 2 is not an object', { ...plan, steps: [step, null] }],
    ['some of its steps move slots, and others make a cluster', { ...plan, steps: [step, CREATION[0]] }],
    ['step 1 is not a whole "set-epoch"', { ...plan, steps: [{ ...CREATION[0], epoch: 0 }] }],
    ['step 1 is not a whole "add-slots"', { ...plan, steps: [{ ...CREATION[1], slots: [] }] }],
    ['step 1 is not a whole "join"', { ...plan, steps: [{ kind: 'join', nodes: [] }] }],
    ['step 1 is not a whole "replicate"', { ...plan, steps: [{ ...CREATION[3], primary: 'b' }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, source: { id: 'a', address: 'x' } }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, target: { id: nodeId('b') } }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, mover: 'by hand' }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, slots: [] }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, slots: [[0, 16384]] }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, slots: [[9, 0]] }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, slots: [[0.5, 1]] }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, slots: [0, 1] }] }],
    [
      'step 1 is not a whole "move-slots"',
      {
        ...plan,
        steps: [
          {
            ...step,
            slots: [
              [5, 9],
              [0, 4],
            ],
          },
        ],
      },
    ],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, estimate: { keys: 'many' } }] }],
    ['step 1 is not a whole "move-slots"', { ...plan, steps: [{ ...step, estimate: undefined }] }],
    ['step 1 moves slots to the node that has them', { ...plan, steps: [{ ...step, target: step.source }] }],
    ['step 2 moves slot 5, which an earlier step moves', { ...plan, steps: [step, { ...step, slots: [[5, 20]] }] }],
  ])('is refused: %s', (problem, value) => {
    const file = saved(JSON.stringify(value));
    expect(() => readPlan(file)).toThrow(`The file ${file} is not a plan that can be applied: ${problem}.`);
  });

  it('is refused where it cannot be read', () => {
    expect(() => readPlan(saved('{ "version": 1'))).toThrow(/^The plan .*plan\.json cannot be read: /);
    expect(() => readPlan(path.join(folder, 'missing.json'))).toThrow('ENOENT');
  });
});
