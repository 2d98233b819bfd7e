import { describe, expect, it } from 'vitest';
import { parseShardPorts } from '../../../src/lib/wire/cluster-shards.ts';

const node = (...fields: readonly (string | number)[]): readonly (string | number)[] => [
  'id',
  'a1',
  ...fields,
  'role',
  'master',
];
const shard = (...nodes: readonly (readonly (string | number)[])[]) => ['slots', [0, 100], 'nodes', nodes];

describe('the ports in CLUSTER SHARDS', () => {
  it('are both where both are open, and else one', () => {
    expect(
      parseShardPorts([
        shard(node('port', 7000, 'tls-port', 7100, 'ip', '10.0.0.1'), node('tls-port', 7101, 'ip', 'fd00::1')),
        shard(node('port', 7002, 'ip', '10.0.0.3')),
      ]),
    ).toEqual([
      { host: '10.0.0.1', plain: 7000, tls: 7100 },
      { host: 'fd00::1', plain: null, tls: 7101 },
      { host: '10.0.0.3', plain: 7002, tls: null },
    ]);
  });

  it('are none where the reply is something else', () => {
    expect(parseShardPorts(null)).toEqual([]);
    expect(parseShardPorts([['slots'], 7])).toEqual([]);
  });
});
