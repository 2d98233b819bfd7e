import { describe, expect, it } from 'vitest';
import { checkTopology, isHealthy, RULES } from '../../../src/lib/check/rules.ts';
import { topology } from '../../support/topology-builder.ts';

describe('rules', () => {
  it('has each rule once, by a name fit for scripts, with a phrase for the documentation', () => {
    const names = RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, finds } of RULES) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(finds).toMatch(/^[a-z].*[a-z]$/);
    }
  });

  it('finds nothing in a cluster that is entirely well', () => {
    const cluster = topology()
      .primary('a', { slots: '0-5460' })
      .primary('b', { slots: '5461-10922' })
      .primary('c', { slots: '10923-16383' })
      .replica('d', { of: 'a' })
      .replica('e', { of: 'b' })
      .replica('f', { of: 'c' });
    expect(checkTopology(cluster.build())).toEqual([]);
  });

  it('gives findings in the order of the rules, each by the name of its rule and as a sentence', () => {
    const cluster = topology()
      .primary('a', { slots: '0-99', migrating: { 5: 'b' }, clusterInfo: { cluster_state: 'fail' } })
      .primary('b', { slots: '100-200', unreachable: 'no answer', flags: ['fail'] })
      .replica('c', { of: 'gone', info: { master_link_status: 'down' } });
    const findings = checkTopology(cluster.build());
    const order = RULES.map(({ name }) => name);
    const positions = findings.map(({ rule }) => order.indexOf(rule));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions).not.toContain(-1);
    for (const { message } of findings) expect(message).toMatch(/^[A-Z\d].*\.$/);
    expect(isHealthy(findings)).toBe(false);
  });

  it('calls a cluster with warnings only healthy', () => {
    const findings = checkTopology(topology().primary('a', { slots: '0-16383' }).build());
    expect(findings.map(({ severity }) => severity)).toEqual(['warning']);
    expect(isHealthy(findings)).toBe(true);
  });

  it('checks a thousand views of a thousand nodes in seconds', () => {
    let builder = topology().primary('n0', { slots: '0-16383' });
    for (let index = 1; index < 1000; index++) builder = builder.replica(`n${index}`, { of: 'n0' });
    expect(checkTopology(builder.build())).toEqual([]);
  });
});
