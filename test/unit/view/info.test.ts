import { describe, expect, it } from 'vitest';
import { renderInfo, renderInfoJson } from '../../../src/lib/view/info.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('a', {
    slots: '0-8191',
    info: { db0: 'keys=16384,expires=0', maxmemory: '1073741824', uptime_in_seconds: '3720' },
  })
  .primary('b', { slots: '8192-16383', unreachable: 'no answer' })
  .replica('c', { of: 'a' })
  .replica('d', { of: 'a', info: { master_link_status: 'down' } })
  .replica('e', { of: 'b', unreachable: 'no answer' })
  .build();

describe('info', () => {
  it('prints the lines of redis-cli and a row for each shard', () => {
    expect(renderInfo(cluster, { map: false, style: PLAIN }).split('\n')).toEqual([
      '10.0.0.1:7000 (86f7e437...) -> 16384 keys | 8192 slots | 2 slaves.',
      '[OK] 16384 keys in 1 masters.',
      '1.00 keys per slot on average.',
      '',
      'primary                    slots    keys     memory    limit  replicas                   version          uptime',
      '10.0.0.1:7000              8,192  16,384  976.6 KiB  1.0 GiB  10.0.0.3:7000 up           Redis 7.0.15  1 h 2 min',
      '                                                              10.0.0.4:7000 down',
      '10.0.0.2:7000 unreachable  8,192       -          -        -  10.0.0.5:7000 unreachable  -                     -',
    ]);
  });

  it('colours what is wrong', () => {
    const text = renderInfo(cluster, { map: false, style: { color: true, width: 100 } });
    expect(text).toContain('10.0.0.2:7000 \u001b[31munreachable\u001b[39m');
    expect(text).toContain('10.0.0.3:7000 \u001b[32mup\u001b[39m');
  });

  it('has the map of slots where it is wanted, and the letter of each primary', () => {
    const lines = renderInfo(cluster, { map: true, style: { color: false, width: 80 } }).split('\n');
    expect(lines.slice(3, 6)).toEqual(['', `    0 ${'A'.repeat(64)}`, ` 2048 ${'A'.repeat(64)}`]);
    expect(lines).toContain('! uncovered: slots 8192-16383');
    expect(lines).toContainEqual(expect.stringMatching(/^A 10\.0\.0\.1:7000 +16,384/));
    expect(lines).toContainEqual(expect.stringMatching(/^B 10\.0\.0\.2:7000 unreachable +-/));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('gives the same facts as JSON, null where nothing is known', () => {
    const document = renderInfoJson(cluster);
    expect(document).toMatchObject({ version: 1, keys: 16384, keysPerSlot: 1 });
    expect(document.shards[0]).toMatchObject({
      memoryUsedBytes: 1000000,
      memoryMaxBytes: 1073741824,
      uptimeSeconds: 3720,
    });
    expect(document.shards[1]).toEqual({
      primary: { id: nodeId('b'), address: '10.0.0.2:7000', reachable: false },
      slots: '8192-16383',
      slotCount: 8192,
      keys: null,
      memoryUsedBytes: null,
      memoryMaxBytes: null,
      uptimeSeconds: null,
      flavor: null,
      replicas: [{ id: nodeId('e'), address: '10.0.0.5:7000', link: 'unreachable' }],
    });
  });
});
