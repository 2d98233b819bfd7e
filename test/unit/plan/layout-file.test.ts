import { describe, expect, it } from 'vitest';
import { parseLayout } from '../../../src/lib/plan/layout-file.ts';

function problems(value: unknown): readonly string[] {
  const parsed = parseLayout(value);
  return parsed.ok ? [] : parsed.problems;
}

describe('parseLayout', () => {
  it('reads shards with replicas and slots', () => {
    const value = {
      shards: [
        { primary: '10.0.0.1:7000', replicas: ['[::1]:7001@17011'], slots: '1-16383' },
        { primary: 'b.example:7000', slots: 0 },
      ],
    };
    expect(parseLayout(value)).toEqual({
      ok: true,
      layout: [
        {
          primary: { host: '10.0.0.1', port: 7000 },
          replicas: [{ host: '::1', port: 7001, busPort: 17011 }],
          slots: [[1, 16383]],
        },
        { primary: { host: 'b.example', port: 7000 }, replicas: [], slots: [[0, 0]] },
      ],
    });
  });

  it('leaves slots absent where no shard has any', () => {
    expect(parseLayout({ shards: [{ primary: 'a:1' }, { primary: 'b:1', replicas: [] }] })).toEqual({
      ok: true,
      layout: [
        { primary: { host: 'a', port: 1 }, replicas: [] },
        { primary: { host: 'b', port: 1 }, replicas: [] },
      ],
    });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['nothing', null, ['The file must be a mapping with shards.']],
    ['a list', [], ['The file must be a mapping with shards.']],
    ['no shards', { shards: [] }, ['shards is empty: a cluster has at least one shard.']],
    [
      'other keys',
      { shard: 1, shards: [{ primary: 'a:1', slaves: [] }] },
      [
        'The file has the unknown key shard; it takes shards.',
        'shards[0] has the unknown key slaves; it takes primary, replicas, slots.',
      ],
    ],
    [
      'what is no address, list, shard or slots',
      { shards: [{ primary: 7000, replicas: 'b:1' }, 'c:1', { primary: 'd:1', replicas: ['e'], slots: '5-1' }] },
      [
        'shards[0].primary must be an address such as 10.0.0.1:7000, not 7000.',
        'shards[0].replicas must be a list.',
        'shards[1] must be a mapping with primary, replicas, slots.',
        'shards[2].replicas[0] must be an address such as 10.0.0.1:7000, not "e".',
        'shards[2].slots must be slots such as 0-5460,7000, not "5-1".',
      ],
    ],
    [
      'a missing primary',
      { shards: [{}] },
      ['shards[0].primary must be an address such as 10.0.0.1:7000, not undefined.'],
    ],
    [
      'a node twice',
      {
        shards: [
          { primary: 'a:1', replicas: ['b:1'] },
          { primary: 'b:1', replicas: ['a:1@11'] },
        ],
      },
      [
        'shards[1].primary is b:1, which is shards[0].replicas[0] already.',
        'shards[1].replicas[0] is a:1, which is shards[0].primary already.',
      ],
    ],
    [
      'slots of some shards only',
      { shards: [{ primary: 'a:1', slots: '0-16383' }, { primary: 'b:1' }] },
      ['shards[1] has no slots, but others have: give slots to all shards or to none.'],
    ],
    [
      'slots twice and slots nowhere',
      {
        shards: [
          { primary: 'a:1', slots: '0-100' },
          { primary: 'b:1', slots: '90-16000' },
        ],
      },
      [
        'shards[1].slots has slots that an earlier shard has: 90-100.',
        'shards must have every slot, but these are in none: 16001-16383.',
      ],
    ],
  ])('names every problem with its place: %s', (_, value, expected) => {
    expect(problems(value)).toEqual(expected);
  });
});
