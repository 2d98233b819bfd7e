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
      { color: false, width: null },
    );
    expect(text).toBe(['node           slots  state', 'a                  5  ok', '10.0.0.1:7000  16384'].join('\n'));
  });

  it('colours the heads, and fits coloured cells by what is seen of them', () => {
    const style = { color: true, width: null };
    expect(renderTable([{ head: 'a' }, { head: 'b' }], [[paint(style, 'red', 'xx'), 'y']], style)).toBe(
      '\u001b[1ma\u001b[22m   \u001b[1mb\u001b[22m\n\u001b[31mxx\u001b[39m  y',
    );
  });

  it('prints a cell of several lines', () => {
    expect(renderTable([{ head: 'a' }, { head: 'b' }], [['x', '1\n2']], { color: false, width: null })).toBe(
      'a  b\nx  1\n   2',
    );
  });

  const WIDE = [
    { head: 'node' },
    { head: 'keys', align: 'right' },
    { head: 'version' },
    { head: 'why', isProse: true },
  ] as const;
  const ROWS = [
    ['10.0.0.1:7000', '5', 'Redis 7.0.15', 'it gives what it has to the others'],
    ['10.0.0.2:7000', '123', 'Redis 7.0.15', ''],
  ];
  const at = (width: number): readonly string[] => renderTable(WIDE, ROWS, { color: false, width }).split('\n');

  it('is what it is where it fits', () => {
    expect(at(69)).toEqual(renderTable(WIDE, ROWS, { color: false, width: null }).split('\n'));
  });

  it('says once what all rows say, where it is too wide otherwise', () => {
    expect(at(68)).toEqual([
      'node           keys  why',
      '10.0.0.1:7000     5  it gives what it has to the others',
      '10.0.0.2:7000   123',
      'In every row: version Redis 7.0.15.',
    ]);
  });

  it('folds prose', () => {
    expect(at(50)).toEqual([
      'node           keys  why',
      '10.0.0.1:7000     5  it gives what it has to the',
      '                     others',
      '10.0.0.2:7000   123',
      'In every row: version Redis 7.0.15.',
    ]);
  });

  it('is shown in blocks where nothing else helps, each with the names of its rows', () => {
    expect(at(40)).toEqual([
      'node           keys',
      '10.0.0.1:7000     5',
      '10.0.0.2:7000   123',
      '',
      'node           why',
      '10.0.0.1:7000  it gives what it has to',
      '               the others',
      '10.0.0.2:7000',
      'In every row: version Redis 7.0.15.',
    ]);
  });

  it('has blocks of one row too, for which nothing can be said once', () => {
    const [row = []] = ROWS;
    expect(renderTable(WIDE.slice(0, 3), [row], { color: false, width: 30 }).split('\n')).toEqual([
      'node           keys',
      '10.0.0.1:7000     5',
      '',
      'node           version',
      '10.0.0.1:7000  Redis 7.0.15',
    ]);
  });
});
