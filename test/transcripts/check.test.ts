/**
 * Topology in, text out: what an operator sees of a cluster in each condition, as files that a person can review.
 * `npx vitest run --project unit -u test/transcripts` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import { checkMultipleOwners } from '../../src/lib/check/multiple-owners.ts';
import { checkTopology } from '../../src/lib/check/rules.ts';
import { formatAddress } from '../../src/lib/model/address.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { renderCheck } from '../../src/lib/view/check.ts';
import { PLAIN } from '../../src/lib/view/style.ts';
import { nodeId, RUNNING_MIGRATION, topology } from '../support/topology-builder.ts';

const VALKEY = { product: 'valkey', version: '9.1.2' } as const;
const REFUSED = 'Connection refused';

const three = topology()
  .primary('a', { slots: '0-5460', info: { db0: 'keys=1200,expires=0,avg_ttl=0' } })
  .primary('b', { slots: '5461-10922', info: { db0: 'keys=1100,expires=0,avg_ttl=0' } })
  .primary('c', { slots: '10923-16383' });
const six = three.replica('d', { of: 'a' }).replica('e', { of: 'b' }).replica('f', { of: 'c' });

const CLUSTERS: Readonly<Record<string, Topology>> = {
  healthy: six.build(),
  'healthy-valkey-while-slots-move': topology()
    .primary('a', {
      slots: '0-16383',
      flavor: VALKEY,
      migrations: [RUNNING_MIGRATION],
    })
    .primary('b', { flavor: VALKEY })
    .replica('c', { of: 'a', flavor: VALKEY })
    .build(),
  hole: topology()
    .primary('a', { slots: '0-99,101-5460', clusterInfo: { cluster_state: 'fail' } })
    .primary('b', { slots: '5461-10922', clusterInfo: { cluster_state: 'fail' } })
    .primary('c', { slots: '10923-16300', clusterInfo: { cluster_state: 'fail' } })
    .build(),
  'open-slots': topology()
    .primary('a', { slots: '0-8191', migrating: { 6000: 'b', 6001: 'b' } })
    .primary('b', { slots: '8192-16383', importing: { 6000: 'a' } })
    .replica('c', { of: 'a' })
    .replica('d', { of: 'b' })
    .build(),
  disagreement: six
    .sees('e', (entries) =>
      entries.map((entry) => (entry.id === nodeId('a') ? { ...entry, slots: [[0, 5000]] as const } : entry)),
    )
    .sees('e', (entries) =>
      entries.map((entry) => (entry.id === nodeId('b') ? { ...entry, slots: [[5001, 10922]] as const } : entry)),
    )
    .build(),
  'dead-replica': three
    .replica('d', { of: 'a' })
    .replica('e', { of: 'b', flags: ['fail'], unreachable: REFUSED })
    .replica('f', { of: 'c', info: { master_link_status: 'down', master_link_down_since_seconds: '33' } })
    .build(),
  'dead-primary': topology()
    .primary('a', { slots: '0-5460', clusterInfo: { cluster_state: 'fail' } })
    .primary('b', { slots: '5461-10922', clusterInfo: { cluster_state: 'fail' } })
    .primary('c', {
      slots: '10923-16383',
      flags: ['fail'],
      unreachable: 'Could not connect to Redis at 10.0.0.3:7000: Connection refused',
    })
    .build(),
  'suspected-primary': topology()
    .primary('a', { slots: '0-8191' })
    .primary('b', { slots: '8192-16383' })
    .replica('c', { of: 'a' })
    .replica('d', { of: 'b' })
    .sees('c', (entries) =>
      entries.map((entry) => (entry.id === nodeId('b') ? { ...entry, flags: ['master', 'fail?'] } : entry)),
    )
    .build(),
  'one-host': topology()
    .primary('a', { slots: '0-8191', host: '127.0.0.1', port: 7001 })
    .primary('b', { slots: '8192-16383', host: '127.0.0.1', port: 7002 })
    .build(),
  'two-hosts-badly-used': topology()
    .primary('a', { slots: '0-5460', host: '10.0.0.1', port: 7001 })
    .primary('b', { slots: '5461-10922', host: '10.0.0.1', port: 7002 })
    .primary('c', { slots: '10923-16383', host: '10.0.0.2', port: 7003 })
    .replica('d', { of: 'a', host: '10.0.0.1', port: 7004 })
    .replica('e', { of: 'b', host: '10.0.0.2', port: 7005 })
    .replica('f', { of: 'c', host: '10.0.0.1', port: 7006 })
    .build(),
  'odd-ones': topology()
    .primary('a', { slots: '0-16383', epoch: 7, flavor: { product: 'redis', version: '7.2.4' } })
    .primary('b', { epoch: 7 })
    .replica('c', { of: 'gone' })
    .replica('d', { of: 'a', info: { master_link_status: 'down', master_sync_in_progress: '1' } })
    .build(),
};

describe('check', () => {
  it.each(Object.entries(CLUSTERS))('%s', async (name, cluster) => {
    const seed = formatAddress(cluster.seed);
    const options = { seed, multipleOwners: 'not-searched', map: 'where-it-helps', style: PLAIN } as const;
    const page = `$ cluster check ${seed}\n${renderCheck(cluster, checkTopology(cluster), options)}\n`;
    await expect(page).toMatchFileSnapshot(`check/${name}.txt`);
  });

  it('multiple-owners', async () => {
    const cluster = six.build();
    const keys = new Map([
      [nodeId('b'), new Map([[7, 3]])],
      [nodeId('c'), new Map([[7, 1]])],
    ]);
    const findings = [...checkTopology(cluster), ...checkMultipleOwners(cluster, keys)];
    const seed = formatAddress(cluster.seed);
    const text = renderCheck(cluster, findings, { seed, multipleOwners: 'searched', map: 'never', style: PLAIN });
    const page = `$ cluster check ${seed} --search-multiple-owners\n${text}\n`;
    await expect(page).toMatchFileSnapshot('check/multiple-owners.txt');
  });
});
