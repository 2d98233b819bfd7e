import { describe, expect, it } from 'vitest';
import { compareValues, type ExpiryRule } from '../../../../src/lib/apply/move/same-value.ts';
import { present } from '../../../../src/lib/assert.ts';
import { scriptedCluster } from '../../../support/scripted-cluster.ts';
import { topology } from '../../../support/topology-builder.ts';

const [first, second] = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .build().nodes;
const source = { ...present(first, 'there are two'), address: { host: 'h', port: 7001 } };
const target = { ...present(second, 'there are two'), address: { host: 'h', port: 7002 } };

/** Two equal strings that expire in so many milliseconds. */
async function compared(expiryMs: number, otherMs: number, rule: ExpiryRule = 'alike') {
  const read = (port: number, ms: number) => [
    { sent: `${port}> TYPE k`, reply: 'string' },
    ...(port === 7002 ? [asking] : []),
    { sent: `${port}> DUMP k`, reply: Buffer.from('dump') },
    ...(port === 7002 ? [asking] : []),
    { sent: `${port}> PTTL k`, reply: ms },
  ];
  const asking = { sent: '7002> ASKING', reply: 'OK' };
  const cluster = scriptedCluster([...read(7001, expiryMs), asking, ...read(7002, otherMs)]);
  return compareValues({ source, target }, { cluster }, 0, Buffer.from('k'), rule);
}

describe('two equal values', () => {
  it.each([
    ['for ever', -1, -1, 'same'],
    ['for about as long', 5000, 3500, 'same'],
    ['one much longer', 5000, 9000, 'different'],
    ['one for ever, one for another second', -1, 900, 'different'],
    ['one for another second, one for ever', 900, -1, 'different'],
    ['one that has just expired', -2, 900, 'gone'],
  ] as const)('that are there %s', async (_, here, there, verdict) => {
    expect(await compared(here, there)).toBe(verdict);
  });

  it('may expire later in a late copy, and never sooner', async () => {
    expect(await compared(5000, 9000, 'or-late-copy')).toBe('same');
    expect(await compared(9000, 5000, 'or-late-copy')).toBe('different');
    expect(await compared(5000, -1, 'or-late-copy')).toBe('different');
  });
});
