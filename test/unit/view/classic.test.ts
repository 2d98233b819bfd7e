import { describe, expect, it } from 'vitest';
import { infoLines, nodeLines } from '../../../src/lib/view/classic.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

/** As captured from redis-cli 7.0.15, with the ids and addresses of the test. */
describe('the lines of redis-cli', () => {
  const cluster = topology()
    .primary('a', { slots: '0-99,101-5460', info: { db0: 'keys=7,expires=0,avg_ttl=0', db1: 'keys=2' } })
    .primary('b', { slots: '5461-10922' })
    .replica('c', { of: 'a' })
    .primary('dead', { slots: '10923-16383', unreachable: 'no answer' })
    .build();

  it('shows keys, slots and replicas of each primary', () => {
    expect(infoLines(cluster, PLAIN)).toEqual([
      '10.0.0.1:7000 (86f7e437...) -> 9 keys | 5460 slots | 1 slaves.',
      '10.0.0.2:7000 (e9d71f5e...) -> 0 keys | 5462 slots | 0 slaves.',
      '[OK] 9 keys in 2 masters.',
      '0.00 keys per slot on average.',
    ]);
  });

  it('uses the words of valkey-cli for a Valkey cluster', () => {
    const valkey = topology()
      .primary('a', { slots: '0-16383', flavor: { product: 'valkey', version: '9.1.2' } })
      .build();
    expect(infoLines(valkey, PLAIN).slice(0, 2)).toEqual([
      '10.0.0.1:7000 (86f7e437...) -> 0 keys | 16384 slots | 0 replicas.',
      '[OK] 0 keys in 1 primaries.',
    ]);
  });

  it('lists the nodes that redis-cli counts', () => {
    expect(nodeLines(cluster)).toEqual([
      `M: ${nodeId('a')} 10.0.0.1:7000`,
      '   slots:[0-99],[101-5460] (5460 slots) master',
      '   1 additional replica(s)',
      `M: ${nodeId('b')} 10.0.0.2:7000`,
      '   slots:[5461-10922] (5462 slots) master',
      `S: ${nodeId('c')} 10.0.0.3:7000`,
      '   slots: (0 slots) slave',
      `   replicates ${nodeId('a')}`,
    ]);
  });
});
