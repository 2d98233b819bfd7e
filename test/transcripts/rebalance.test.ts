/**
 * A cluster and a request in, a plan or its refusal out: what `rebalance` would do, as files that a person can review.
 * `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { Topology } from '../../src/lib/model/topology.ts';
import { planRebalance, THRESHOLD_PERCENT_DEFAULT } from '../../src/lib/plan/rebalance.ts';
import { movePage } from '../support/move-page.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

interface Request {
  readonly cluster: Topology;
  readonly weights?: Readonly<Record<string, number>>;
  readonly empty?: true;
  readonly threshold?: number;
}

const VALKEY = { product: 'valkey', version: '9.1.2' } as const;

const three = topology()
  .primary('a', { slots: '0-5460' })
  .primary('b', { slots: '5461-10922' })
  .primary('c', { slots: '10923-16383' });
const guarded = three.primary('d').replica('e', { of: 'a' }).replica('f', { of: 'b' }).replica('g', { of: 'c' });
const skewed = topology()
  .primary('a', { slots: '0-9999' })
  .primary('b', { slots: '10000-12999' })
  .primary('c', { slots: '13000-16383' });

const REQUESTS: Readonly<Record<string, Request>> = {
  'even-already': { cluster: three.build() },
  'even-already-with-threshold-0': { cluster: three.build(), threshold: 0 },
  'within-the-threshold': {
    cluster: topology().primary('a', { slots: '0-8250' }).primary('b', { slots: '8251-16383' }).build(),
  },
  'within-the-threshold-but-threshold-0': {
    cluster: topology().primary('a', { slots: '0-8250' }).primary('b', { slots: '8251-16383' }).build(),
    threshold: 0,
  },
  'skewed-with-neighbours': { cluster: skewed.build() },
  'an-empty-primary-counts-in': { cluster: guarded.build(), empty: true },
  'an-empty-primary-does-not-count': { cluster: guarded.build() },
  'an-empty-primary-with-a-weight': { cluster: guarded.build(), weights: { '10.0.0.4:7000': 0.5 } },
  'drained-with-weight-0': { cluster: guarded.build(), weights: { [nodeId('b')]: 0 } },
  'weights-by-short-ids': {
    cluster: topology()
      .primary('a', { slots: '0-8191', flavor: VALKEY })
      .primary('b', { slots: '8192-16383', flavor: VALKEY })
      .build(),
    weights: { [nodeId('a').slice(0, 2)]: 3, [nodeId('b').slice(0, 2)]: 1 },
  },
  'two-new-primaries': { cluster: skewed.primary('d').primary('e').build(), empty: true },
  'scattered-slots-are-gathered': {
    cluster: topology()
      .primary('a', { slots: '0-999,2000-2009,3000-3009,4000-16383' })
      .primary('b', { slots: '1000-1999,2010-2999,3010-3999' })
      .build(),
  },
  'a-failed-over-primary-is-left-out': {
    cluster: skewed.primary('d', { flags: ['fail'], unreachable: 'Connection refused' }).build(),
    empty: true,
  },
  'refused-unhealthy': {
    cluster: topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383' })
      .sees('b', (entries) => entries.map((entry) => (entry.id === nodeId('a') ? { ...entry, slots: [] } : entry)))
      .build(),
  },
  'refused-weights': {
    cluster: guarded.build(),
    weights: {
      '10.0.0.9:7000': 1,
      '10.0.0.5:7000': 1,
      '10.0.0.1:7000': -1,
      '10.0.0.2:7000': Number.NaN,
      '10.0.0.3:7000': 2,
      [nodeId('c')]: 3,
      [topology().primary('a').build().nodes[0]?.id.slice(0, 1) ?? '']: 1,
    },
    threshold: -2,
  },
  'refused-all-weights-0': {
    cluster: topology().primary('a', { slots: '0-16383' }).primary('b').build(),
    weights: { '10.0.0.1:7000': 0 },
  },
  'refused-unreachable-primary-with-a-weight': {
    cluster: skewed.primary('d', { flags: ['fail'], unreachable: 'Connection refused' }).build(),
    weights: { '10.0.0.4:7000': 1 },
  },
};

function commandOf({ weights = {}, empty, threshold }: Request): string {
  const pairs = Object.entries(weights).map(([name, weight]) => `${name}=${weight}`);
  return [
    'cluster rebalance 10.0.0.1:7000',
    ...(pairs.length === 0 ? [] : [`--weight ${pairs.join(' ')}`]),
    ...(empty ? ['--use-empty-primaries'] : []),
    ...(threshold === undefined ? [] : [`--threshold ${threshold}`]),
  ].join(' ');
}

describe('rebalance', () => {
  it.each(Object.entries(REQUESTS))('%s', async (name, request) => {
    const { cluster, weights = {}, empty = false, threshold = THRESHOLD_PERCENT_DEFAULT } = request;
    const planned = planRebalance(cluster, {
      weights: new Map(Object.entries(weights)),
      useEmptyPrimaries: empty,
      thresholdPercent: threshold,
      mover: 'auto',
    });
    await expect(movePage(commandOf(request), cluster, planned)).toMatchFileSnapshot(`rebalance/${name}.txt`);
  });
});
