import { describe, expect, it } from 'vitest';
import { replicaLinks } from '../../../src/lib/check/replica-links.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const primary = topology().primary('a', { slots: '0-16383' });

describe('replica-links', () => {
  it('is silent where every replica is linked to its primary', () => {
    expect(replicaLinks.check(primary.replica('b', { of: 'a' }).build())).toEqual([]);
  });

  it('says since when a link is down', () => {
    const info = { master_link_status: 'down', master_link_down_since_seconds: '33' };
    expect(replicaLinks.check(primary.replica('b', { of: 'a', info }).build())).toEqual([
      {
        rule: 'replica-links',
        severity: 'warning',
        message: 'Replica 10.0.0.2:7000 has no link to 10.0.0.1:7000 since 33 s.',
        nodeIds: [nodeId('b')],
        suggestion: 'Look into the log of 10.0.0.2:7000 for the reason (network, masterauth, memory).',
      },
    ]);
  });

  it('does not invent a time where the link was never up', () => {
    const info = { master_link_status: 'down', master_link_down_since_seconds: '-1' };
    expect(replicaLinks.check(primary.replica('b', { of: 'a', info }).build())[0]?.message).toBe(
      'Replica 10.0.0.2:7000 has no link to 10.0.0.1:7000.',
    );
  });

  it('tells a copy under way from a broken link', () => {
    const info = { master_link_status: 'down', master_sync_in_progress: '1' };
    expect(replicaLinks.check(primary.replica('b', { of: 'a', info }).build())).toEqual([
      {
        rule: 'replica-links',
        severity: 'warning',
        message: 'Replica 10.0.0.2:7000 is copying the data of 10.0.0.1:7000 and cannot take over yet.',
        nodeIds: [nodeId('b')],
        suggestion: 'Wait until the copy is complete: cluster check 10.0.0.1:7000',
      },
    ]);
  });

  it('names a replica of an unknown node', () => {
    expect(replicaLinks.check(primary.replica('b', { of: 'gone' }).build())).toEqual([
      {
        rule: 'replica-links',
        severity: 'warning',
        message: `Replica 10.0.0.2:7000 replicates the unknown node ${nodeId('gone')}.`,
        nodeIds: [nodeId('b')],
        suggestion: 'Send it CLUSTER REPLICATE with the id of a primary.',
      },
    ]);
  });

  it('names a replica of a replica, also where it does not answer', () => {
    const cluster = primary.replica('b', { of: 'a' }).replica('c', { of: 'b', unreachable: 'no answer' }).build();
    expect(replicaLinks.check(cluster).map(({ message }) => message)).toEqual([
      'Replica 10.0.0.3:7000 replicates 10.0.0.2:7000, which is no primary.',
    ]);
  });
});
