import { describe, expect, it } from 'vitest';
import { paint } from '../../../src/lib/view/style.ts';
import { renderTable } from '../../../src/lib/view/table.ts';

const COLUMNS = [{ head: 'node' }, { head: 'slots', align: 'right' }, { head: 'state' }] as const;

describe('table', () => {
  it('fits columns to their widest cell, numbers on the right, no spaces at the end', () => {
    const text = renderTable(
      COLUMNS,
      [
        ['a', '5', 'ok'],
        ['10.0.0.1:7000', '16384', ''],
      ],
      { color: false },
    );
    expect(text).toBe(['node           slots  state', 'a                  5  ok', '10.0.0.1:7000  16384'].join('\n'));
  });

  it('colours the heads, and fits coloured cells by what is seen of them', () => {
    const style = { color: true };
    expect(renderTable([{ head: 'a' }, { head: 'b' }], [[paint(style, 'red', 'xx'), 'y']], style)).toBe(
      '\u001b[1ma\u001b[22m   \u001b[1mb\u001b[22m\n\u001b[31mxx\u001b[39m  y',
    );
  });

  it('prints a cell of several lines', () => {
    expect(renderTable([{ head: 'a' }, { head: 'b' }], [['x', '1\n2']], { color: false })).toBe('a  b\nx  1\n   2');
  });
});
