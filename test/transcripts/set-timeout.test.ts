/** What `set-timeout` shows before and after, as a person reads it. */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import type { PresentTimeout } from '../../src/lib/plan/node-timeout.ts';
import { planNodeTimeout, refuseShortTimeout } from '../../src/lib/plan/node-timeout.ts';
import { renderTimeoutOutcomes, renderTimeoutPlan, renderTimeoutWayBack } from '../../src/lib/view/node-timeout.ts';
import { PLAIN } from '../../src/lib/view/style.ts';
import { topology } from '../support/topology-builder.ts';

const { nodes } = topology().primary('a').primary('b').primary('c', { unreachable: 'Connection refused' }).build();
const [a, b, c] = [0, 1, 2].map((index) => present(nodes[index], 'it was built')) as [
  PresentTimeout['node'],
  PresentTimeout['node'],
  PresentTimeout['node'],
];
const has = (node: PresentTimeout['node'], timeoutMs: number): PresentTimeout => ({ node, timeoutMs, reason: '' });

describe('the plan', () => {
  it('has no hazard where all answer and the time is long enough', () => {
    expect(renderTimeoutPlan(planNodeTimeout([has(a, 15000), has(b, 2000)], 2000), PLAIN)).toMatchInlineSnapshot(`
      "node           timeout ms   new
      10.0.0.1:7000       15000  2000
      10.0.0.2:7000        2000  2000"
    `);
  });

  it('warns of a short time, and of nodes that are left behind', () => {
    const silent = { node: c, timeoutMs: null, reason: 'Connection refused' };
    expect(renderTimeoutPlan(planNodeTimeout([has(a, 15000), silent], 500), PLAIN)).toMatchInlineSnapshot(`
      "node           timeout ms  new
      10.0.0.1:7000       15000  500
      10.0.0.3:7000           -  500  Connection refused
      [WARNING] With 500 ms a node that is busy for a moment is taken for failed, and a replica takes its place.
      [WARNING] 1 node does not answer and keeps its own timeout: 10.0.0.3:7000. Nodes that differ do not agree who has failed."
    `);
  });

  it('is refused below 100 ms, in the words of redis-cli', () => {
    expect(refuseShortTimeout(100)).toEqual([]);
    expect(refuseShortTimeout(99)).toEqual([
      expect.objectContaining({
        message: 'Setting a node timeout of less than 100 milliseconds is a bad idea.',
      }),
    ]);
  });
});

describe('what has become of it', () => {
  const done = { setError: null, rewriteError: null };

  it('tells setting and writing apart', () => {
    const outcomes = [
      { node: a, beforeMs: 15000, ...done },
      { node: b, beforeMs: 2000, setError: null, rewriteError: 'ERR no file' },
      { node: c, beforeMs: null, setError: 'Connection refused', rewriteError: null },
    ];
    expect(renderTimeoutOutcomes(outcomes, PLAIN)).toMatchInlineSnapshot(`
      "*** New timeout set for 10.0.0.1:7000
      *** New timeout set for 10.0.0.2:7000
      ERR setting node-timeout for 10.0.0.2:7000: set, but not rewritten: ERR no file
      ERR setting node-timeout for 10.0.0.3:7000: Connection refused
      >>> New node timeout set. 1 OK, 2 ERR."
    `);
    expect(renderTimeoutWayBack(outcomes, '10.0.0.1:7000', 5000)).toBe(
      'Before: 15000 ms on 10.0.0.1:7000; 2000 ms on 10.0.0.2:7000.',
    );
  });

  it('says what to type to go back where all had the same, and nothing where nothing has changed', () => {
    const both = [a, b].map((node) => ({ node, beforeMs: 15000, ...done }));
    expect(renderTimeoutWayBack(both, '10.0.0.1:7000', 5000)).toBe(
      'To go back: cluster set-timeout 10.0.0.1:7000 15000',
    );
    expect(renderTimeoutWayBack(both, '10.0.0.1:7000', 15000)).toBeNull();
  });
});
