import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/lib/errors.ts';
import type { Plan } from '../../../src/lib/plan/plan.ts';
import type { PlanRequest } from '../../../src/lib/plan/request.ts';
import { readPlan, writePlan } from '../../../src/lib/terminal/plan-file.ts';
import { nodeId } from '../../support/topology-builder.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'cluster-plan-'));
const file = path.join(folder, 'plan.json');
afterAll(() => rmSync(folder, { recursive: true }));

const node = { id: nodeId('a'), address: '10.0.0.1:7000' };
const other = { id: nodeId('b'), address: '10.0.0.2:7000' };
const plan: Plan = {
  version: 1,
  intention: 'fix 10 slots',
  basis: 'as it was',
  steps: [
    { kind: 'gather-keys', source: node, target: other, slots: [[0, 9]] },
    { kind: 'close-slots', node: other, slots: [[0, 9]] },
  ],
  hazards: [{ name: 'x', message: 'y' }],
};
const request: PlanRequest = {
  kind: 'fix',
  seed: node.address,
  options: { intents: [{ run: 'r', slots: [[1, 1]], targets: [node.id] }], coverTo: null, withUnreachable: true },
  sharedKeys: 'abc',
};

function written(): Record<string, unknown> {
  writePlan(file, plan, request);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The sentence that refuses it; '' where it is read. */
function refusal(text: string): string {
  writeFileSync(file, text);
  try {
    readPlan(file);
    return '';
  } catch (cause) {
    if (!(cause instanceof OpsError)) throw cause;
    expect(cause.code).toBe('USAGE');
    return [cause.message, ...cause.suggestions].join('\n');
  }
}

describe('a saved plan', () => {
  it('is read as it was written, also where a tool has set it out in another way', () => {
    const value = written();
    expect(readPlan(file)).toEqual({ plan, request });
    const reversed = Object.fromEntries(Object.entries(value).toReversed());
    writeFileSync(file, JSON.stringify(reversed));
    expect(readPlan(file)).toEqual({ plan, request });
  });

  it('is refused when anything in it was changed', () => {
    const text = JSON.stringify(written());
    const tokens = [...text.matchAll(/"[^"]*"|\d+|true|null/g)].map(({ 0: token, index }) => ({ token, index }));
    const values = tokens.filter(({ index, token }) => text[index + token.length] !== ':');
    fc.assert(
      fc.property(fc.constantFrom(...values), ({ token, index }) => {
        const changed = token.startsWith('"') ? `"${token.slice(1, -1)}x"` : token === '0' ? '1' : '0';
        const now = text.slice(0, index) + changed + text.slice(index + token.length);
        expect(refusal(now)).toContain('is not a plan that can be applied: ');
      }),
      { numRuns: 200 },
    );
    expect(values.length).toBeGreaterThan(25);
  });

  it('is refused when something in it is missing', () => {
    const { hazards: _, ...less } = written();
    expect(refusal(JSON.stringify(less))).toContain('it was changed since it was written, as its checksum shows.');
    const { checksum: __, ...unsealed } = written();
    expect(refusal(JSON.stringify(unsealed))).toContain('as its checksum shows');
  });

  it('is refused wherever it was cut off', () => {
    const text = JSON.stringify(written());
    for (let length = 0; length < text.length; length += 17)
      expect(refusal(text.slice(0, length))).toMatch(/^The plan .*plan\.json cannot be read: /);
  });

  it.each([[], 'plan', null, 5])('is refused where it is %j', (value) => {
    expect(refusal(JSON.stringify(value))).toContain('it is not a JSON object');
  });

  it('of another version of the program is refused by its version', () => {
    expect(refusal(JSON.stringify(plan))).toContain('its version is 1, and this program reads 2.');
    expect(refusal(JSON.stringify({ ...written(), version: 3 }))).toContain('its version is 3');
    expect(refusal('{}')).toContain('its version is undefined');
  });

  it('that cannot be read or written is named', () => {
    const missing = path.join(folder, 'nowhere', 'plan.json');
    expect(() => readPlan(missing)).toThrow(`The plan ${missing} cannot be read: no such file or directory.`);
    expect(() => writePlan(missing, plan, request)).toThrow(
      `The plan cannot be written to ${missing}: no such file or directory.`,
    );
  });
});

it('what brings keys from elsewhere, or is about an earlier run, is typed', () => {
  const importing = { kind: 'import-keys', from: '10.0.0.9:6379', targets: [node] };
  writePlan(file, { ...plan, steps: [importing] }, { kind: 'import' });
  expect(refusal(readFileSync(file, 'utf8'))).toContain('cluster import HOST:PORT --from 10.0.0.9:6379');
  writePlan(file, { version: 1, intention: 'restore', files: [] }, { kind: 'restore' });
  expect(refusal(readFileSync(file, 'utf8'))).toContain('cluster restore DIR HOST:PORT');
  writePlan(file, plan, { kind: 'undo', run: '20261123-011500-4e1f' });
  expect(refusal(readFileSync(file, 'utf8'))).toContain('cluster undo 20261123-011500-4e1f');
  writePlan(file, plan, { kind: 'resume', run: null });
  expect(refusal(readFileSync(file, 'utf8'))).toContain('cluster resume HOST:PORT');
});
