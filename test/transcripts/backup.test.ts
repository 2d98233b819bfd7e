/**
 * A cluster in, a backup plan or its refusal out, as files that a person can review.
 * `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { BackupOptions, PlannedBackup } from '../../src/lib/plan/backup.ts';
import { planBackup } from '../../src/lib/plan/backup.ts';
import { renderBackupPlan } from '../../src/lib/view/backup.ts';
import { topology } from '../support/topology-builder.ts';

const USUAL: BackupOptions = { prefer: 'replica', force: false, freeBytes: 1_000_000_000 };
const info = (keys: number, more: Readonly<Record<string, string>> = {}) => ({
  db0: `keys=${keys},expires=0,avg_ttl=0`,
  used_memory_dataset: `${keys * 100}`,
  master_replid: 'f'.repeat(40),
  master_repl_offset: '5000',
  ...more,
});
const follows = (offset: number, more = {}) => info(1000, { slave_repl_offset: `${offset}`, ...more });

const bare = topology()
  .primary('a', { slots: '0-5460', info: info(1000) })
  .primary('b', { slots: '5461-10922', info: info(2000) })
  .primary('c', { slots: '10923-16383', info: info(3000) });

const REQUESTS: Readonly<Record<string, { readonly cluster: Topology; readonly options?: Partial<BackupOptions> }>> = {
  'three-primaries': { cluster: bare.build() },
  'from-replicas': {
    cluster: bare
      .replica('d', { of: 'a', info: follows(5000) })
      .replica('e', { of: 'b', info: follows(4000) })
      .replica('f', { of: 'c', info: follows(5000) })
      .build(),
  },
  'from-primaries-only': {
    cluster: bare.replica('d', { of: 'a', info: follows(5000) }).build(),
    options: { prefer: 'primary' },
  },
  'replicas-that-will-not-do': {
    cluster: bare
      .replica('d', { of: 'a', info: follows(5000, { master_link_status: 'down' }) })
      .replica('e', { of: 'b', unreachable: 'Connection refused', flags: ['fail'] })
      .replica('f', { of: 'c', info: follows(5000, { master_replid: 'e'.repeat(40) }) })
      .build(),
  },
  'hosts-take-turns': {
    cluster: topology()
      .primary('a', { slots: '0-5460', host: '10.0.0.1', info: info(1000) })
      .primary('b', { slots: '5461-10922', host: '10.0.0.2', info: info(1000) })
      .primary('c', { slots: '10923-16383', host: '10.0.0.3', info: info(1000) })
      .replica('a2', { of: 'a', host: '10.0.0.2', port: 7001, info: follows(5000) })
      .replica('a3', { of: 'a', host: '10.0.0.3', port: 7001, info: follows(5000) })
      .replica('b1', { of: 'b', host: '10.0.0.1', port: 7001, info: follows(5000) })
      .replica('b3', { of: 'b', host: '10.0.0.3', port: 7002, info: follows(5000) })
      .replica('c1', { of: 'c', host: '10.0.0.1', port: 7002, info: follows(5000) })
      .replica('c2', { of: 'c', host: '10.0.0.2', port: 7002, info: follows(5000) })
      .build(),
  },
  'a-disk-that-may-be-too-small': { cluster: bare.build(), options: { freeBytes: 500_000 } },
  'refused-open-slots': {
    cluster: topology()
      .primary('a', { slots: '0-8191', migrating: { 7: 'b' } })
      .primary('b', { slots: '8192-16383', importing: { 7: 'a' } })
      .build(),
  },
  'refused-hole': {
    cluster: topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8200-16383' }).build(),
  },
  'refused-dead-primary': {
    cluster: topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', unreachable: 'Connection refused', flags: ['fail'] })
      .build(),
  },
  'forced-without-the-dead-primary': {
    cluster: topology()
      .primary('a', { slots: '0-8191' })
      .primary('b', { slots: '8192-16383', unreachable: 'Connection refused', flags: ['fail'] })
      .build(),
    options: { force: true },
  },
  'refused-no-slots': { cluster: topology().primary('a').build(), options: { force: true } },
};

function page(planned: PlannedBackup): string {
  if (planned.ok) return renderBackupPlan(planned.plan, { color: false, width: null });
  return planned.refusals
    .flatMap(({ rule, message, suggestion }) => [`[${rule}] ${message}`, ...(suggestion ? [`  ${suggestion}`] : [])])
    .join('\n');
}

describe('backup', () => {
  it.each(Object.keys(REQUESTS))('%s', async (name) => {
    const { cluster, options } = REQUESTS[name] as (typeof REQUESTS)[string];
    const planned = planBackup(cluster, { ...USUAL, ...options });
    await expect(`${page(planned)}\n`).toMatchFileSnapshot(`backup/${name}.txt`);
  });

  it('is the same plan whatever the order of the nodes', () => {
    const { cluster } = REQUESTS['hosts-take-turns'] as (typeof REQUESTS)[string];
    const turned = { ...cluster, nodes: [...cluster.nodes].reverse() };
    expect(planBackup(turned, USUAL)).toEqual(planBackup(cluster, USUAL));
  });
});
