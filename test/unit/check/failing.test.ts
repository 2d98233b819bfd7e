import { describe, expect, it } from 'vitest';
import { failing } from '../../../src/lib/check/failing.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const three = topology().primary('a').primary('b').replica('c', { of: 'a' });

function flag(name: string, ...flags: readonly string[]): Parameters<typeof three.sees>[1] {
  return (entries) => entries.map((entry) => (entry.id === nodeId(name) ? { ...entry, flags } : entry));
}

describe('failing', () => {
  it('is silent where no node has a flag beside its role', () => {
    expect(failing.check(three.build())).toEqual([]);
  });

  it('counts the views in which a node has failed or is suspected', () => {
    const cluster = three
      .sees('a', flag('c', 'slave', 'fail'))
      .sees('b', flag('c', 'slave', 'fail?'))
      .sees('c', flag('b', 'master', 'fail?'))
      .build();
    expect(failing.check(cluster)).toEqual([
      {
        rule: 'failing',
        severity: 'warning',
        message: 'Node 10.0.0.2:7000 is flagged as suspected to fail by 1 of 2 other nodes.',
        nodeIds: [nodeId('b')],
        suggestion: 'It answers here, so look whether the other nodes reach the bus port 17000 of 10.0.0.2.',
      },
      {
        rule: 'failing',
        severity: 'warning',
        message: 'Node 10.0.0.3:7000 is flagged as failed by 1 and suspected to fail by 1 of 2 other nodes.',
        nodeIds: [nodeId('c')],
        suggestion: 'It answers here, so look whether the other nodes reach the bus port 17000 of 10.0.0.3.',
      },
    ]);
  });

  it('says how to be rid of a node that is gone', () => {
    const cluster = topology()
      .primary('a')
      .primary('b', { flags: ['fail', 'noaddr'], unreachable: 'no address is known' })
      .build();
    expect(failing.check(cluster)).toEqual([
      {
        rule: 'failing',
        severity: 'warning',
        message: 'Node 10.0.0.2:7000 is flagged as failed by 1 and without address by 1 of 1 other node.',
        nodeIds: [nodeId('b')],
        suggestion: `Start it again; if it is gone for good: cluster del-node 10.0.0.1:7000 ${nodeId('b')}`,
      },
    ]);
  });

  it('names a handshake that does not end', () => {
    const cluster = topology()
      .primary('a')
      .primary('b', { flags: ['handshake'], unreachable: 'no answer' })
      .build();
    expect(failing.check(cluster)[0]).toMatchObject({
      message: 'Node 10.0.0.2:7000 is flagged as in handshake by 1 of 1 other node.',
      suggestion:
        'Check again in a few seconds; if it stays, look whether the other nodes reach the bus port 17000 of 10.0.0.2.',
    });
  });
});
