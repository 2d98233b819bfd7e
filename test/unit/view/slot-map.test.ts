import { describe, expect, it } from 'vitest';
import { slotMap } from '../../../src/lib/view/slot-map.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('b', { slots: '8192-16382', importing: { 100: 'a' } })
  .primary('a', { slots: '0-8191' })
  .build();

describe('slot map', () => {
  it('shows owners by letter in slot order, and what is open or uncovered, without colour', () => {
    const { lines, legend, troubles, letters } = slotMap(cluster, PLAIN);
    expect(lines).toEqual([
      `    0 AAA*${'A'.repeat(60)}`,
      ` 2048 ${'A'.repeat(64)}`,
      ` 4096 ${'A'.repeat(64)}`,
      ` 6144 ${'A'.repeat(64)}`,
      ` 8192 ${'B'.repeat(64)}`,
      `10240 ${'B'.repeat(64)}`,
      `12288 ${'B'.repeat(64)}`,
      `14336 ${'B'.repeat(63)}!`,
    ]);
    expect(legend).toEqual(['A 10.0.0.2:7000  B 10.0.0.1:7000']);
    expect(troubles).toEqual(['* open: slot 100', '! uncovered: slot 16383']);
    expect([...letters]).toEqual([
      [nodeId('a'), 'A'],
      [nodeId('b'), 'B'],
    ]);
  });

  it('uses the width of a wide terminal, and stays within that of a narrow one', () => {
    expect(slotMap(cluster, { color: false, width: 140 }).lines).toEqual([
      `    0 AAA*${'A'.repeat(124)}`,
      ` 4096 ${'A'.repeat(128)}`,
      ` 8192 ${'B'.repeat(128)}`,
      `12288 ${'B'.repeat(127)}!`,
    ]);
    const narrow = slotMap(cluster, { color: false, width: 50 });
    expect(narrow.lines).toHaveLength(16);
    expect(narrow.lines[0]).toBe(`    0 AAA*${'A'.repeat(28)}`);
    expect(slotMap(cluster, { color: false, width: 30 }).legend).toEqual(['A 10.0.0.2:7000', 'B 10.0.0.1:7000']);
  });

  it('paints runs of cells', () => {
    const [first] = slotMap(cluster, { color: true, width: 100 }).lines;
    expect(first).toBe(
      `    0 \u001b[36mAAA\u001b[39m\u001b[43m\u001b[30m*\u001b[39m\u001b[49m\u001b[36m${'A'.repeat(60)}\u001b[39m`,
    );
  });

  it('gives a cell to the primary that has most of it', () => {
    const shared = topology().primary('a', { slots: '0-9' }).primary('b', { slots: '10-16383' }).build();
    expect(slotMap(shared, PLAIN).lines[0]).toMatch(/^ {4}0 BB/);
  });
});
