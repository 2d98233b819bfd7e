import { describe, expect, it } from 'vitest';
import { renderSlotMap } from '../../../src/lib/view/slot-map.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';
import { topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('b', { slots: '8192-16382', importing: { 100: 'a' } })
  .primary('a', { slots: '0-8191' })
  .build();

describe('slot map', () => {
  it('shows owners by letter in slot order, and what is open or uncovered, without colour', () => {
    expect(renderSlotMap(cluster, PLAIN).split('\n')).toEqual([
      `    0 AAA*${'A'.repeat(60)}`,
      ` 2048 ${'A'.repeat(64)}`,
      ` 4096 ${'A'.repeat(64)}`,
      ` 6144 ${'A'.repeat(64)}`,
      ` 8192 ${'B'.repeat(64)}`,
      `10240 ${'B'.repeat(64)}`,
      `12288 ${'B'.repeat(64)}`,
      `14336 ${'B'.repeat(63)}!`,
      '',
      'A 10.0.0.2:7000 8192 slots',
      'B 10.0.0.1:7000 8191 slots',
      '* open: slot 100',
      '! uncovered: slot 16383',
    ]);
  });

  it('uses the width of a wide terminal', () => {
    expect(renderSlotMap(cluster, { color: false, width: 140 }).split('\n').slice(0, 5)).toEqual([
      `    0 AAA*${'A'.repeat(124)}`,
      ` 4096 ${'A'.repeat(128)}`,
      ` 8192 ${'B'.repeat(128)}`,
      `12288 ${'B'.repeat(127)}!`,
      '',
    ]);
  });

  it('paints runs of cells', () => {
    const [first] = renderSlotMap(cluster, { color: true, width: 100 }).split('\n');
    expect(first).toBe(
      `    0 \u001b[36mAAA\u001b[39m\u001b[43m\u001b[30m*\u001b[39m\u001b[49m\u001b[36m${'A'.repeat(60)}\u001b[39m`,
    );
  });

  it('gives a cell to the primary that has most of it', () => {
    const shared = topology().primary('a', { slots: '0-9' }).primary('b', { slots: '10-16383' }).build();
    expect(renderSlotMap(shared, PLAIN)).toMatch(/^ {4}0 BB/);
  });
});
