/**
 * A cluster, a source and a request in, a plan or its refusal out: what `import` would do, as files that a person can
 * review. `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import { formatFlavor } from '../../src/lib/model/flavor.ts';
import type { SourceServer } from '../../src/lib/model/source-server.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { ImportMeasures, ImportRequest } from '../../src/lib/plan/import.ts';
import { planImport } from '../../src/lib/plan/import.ts';
import { simulateEnd } from '../../src/lib/plan/simulate.ts';
import { renderImportPlan } from '../../src/lib/view/import.ts';
import { PLAIN } from '../../src/lib/view/style.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

const REDIS = { product: 'redis', version: '7.0.15' } as const;
const VALKEY = { product: 'valkey', version: '9.1.2' } as const;

const guarded = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .replica('c', { of: 'a' })
  .replica('d', { of: 'b' });
const bare = topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' });

const server: SourceServer = {
  address: '192.0.2.1:6379',
  id: null,
  flavor: REDIS,
  isReplica: false,
  databases: new Map([[0, 120_000]]),
  functions: [],
  bytesPerKey: 160,
  largeKeys: [],
  dumpVersion: 10,
  tellsChanges: true,
};

interface Case {
  readonly cluster: Topology;
  readonly servers?: readonly SourceServer[];
  readonly measures?: Partial<ImportMeasures>;
  readonly request?: Partial<ImportRequest>;
}

const CASES: Readonly<Record<string, Case>> = {
  'keys-are-moved': { cluster: guarded.build() },
  'keys-are-copied-to-primaries-without-replicas': { cluster: bare.build(), request: { copy: true } },
  'keys-are-moved-to-primaries-without-replicas': { cluster: bare.build() },
  'a-source-far-away-sends-the-keys-itself': { cluster: guarded.build(), measures: { roundTripMs: 40 } },
  'a-source-far-away-behind-tls': {
    cluster: guarded.build(),
    measures: { roundTripMs: 40 },
    request: { isDirect: false },
  },
  'everything-that-a-person-should-know': {
    cluster: topology()
      .primary('a', { slots: '0-8191', info: { used_memory: '1000000', maxmemory: '5000000' } })
      .primary('b', { slots: '8192-16383' })
      .replica('c', { of: 'b' })
      .build(),
    servers: [
      {
        ...server,
        functions: ['lib2', 'lib1'],
        largeKeys: [{ key: 'huge', bytes: 200 * 1024 * 1024 }],
        tellsChanges: false,
        flavor: { product: 'redis', version: '5.0.7' },
      },
    ],
    request: { replace: true, copy: true },
  },
  'a-cluster-of-two-primaries-gives': {
    cluster: guarded.build(),
    servers: [
      { ...server, address: '192.0.2.1:7000', id: nodeId('x') },
      { ...server, address: '192.0.2.2:7000', id: nodeId('y'), databases: new Map() },
      { ...server, address: '192.0.2.3:7000', id: nodeId('z'), databases: new Map([[0, 5]]) },
    ],
  },
  'nothing-to-do': { cluster: guarded.build(), servers: [{ ...server, databases: new Map() }] },
  'another-database': {
    cluster: guarded.build(),
    servers: [
      {
        ...server,
        databases: new Map([
          [0, 1],
          [3, 7],
        ]),
      },
    ],
    request: { database: 3 },
  },
  'refused-databases': {
    cluster: guarded.build(),
    servers: [
      {
        ...server,
        databases: new Map([
          [0, 1],
          [3, 7],
          [15, 1],
        ]),
      },
    ],
  },
  'refused-a-replica': { cluster: guarded.build(), servers: [{ ...server, isReplica: true }] },
  'refused-itself': { cluster: guarded.build(), servers: [{ ...server, address: '10.0.0.2:7000', id: nodeId('b') }] },
  'refused-unreadable': {
    cluster: guarded.build(),
    servers: [{ ...server, flavor: VALKEY, dumpVersion: 80 }],
    measures: { unableToRead: [nodeId('a'), nodeId('b')] },
  },
  'refused-migrate-and-copy': { cluster: guarded.build(), request: { copy: true, engine: 'migrate' } },
  'refused-unhealthy': { cluster: topology().primary('a', { slots: '0-8191' }).build() },
};

describe.each(Object.entries(CASES))('import: %s', (name, { cluster, servers = [server], measures, request }) => {
  const planned = planImport(
    cluster,
    { servers, unableToRead: [], roundTripMs: 0.2, ...measures },
    { database: null, copy: false, replace: false, engine: 'auto', isDirect: true, ...request },
  );

  it('reads as reviewed', async () => {
    const flavors = new Map(servers.map(({ address, flavor }) => [address, formatFlavor(flavor)]));
    const names = { from: servers[0]?.address ?? '', seed: '10.0.0.1:7000', servers: flavors };
    const page = planned.ok
      ? renderImportPlan(planned.plan, names, PLAIN)
      : planned.refusals
          .map(({ rule, message, suggestion }) => `[ERR] ${message}\n    (${rule}) ${suggestion ?? ''}`.trimEnd())
          .join('\n');
    const intention = planned.ok ? `\n\n${planned.plan.intention}` : '';
    await expect(`${page}${intention}\n`).toMatchFileSnapshot(`import/${name}.txt`);
  });

  it('leaves the cluster as it is, but for its keys', () => {
    if (planned.ok) expect(simulateEnd(cluster, planned.plan)).toEqual(cluster);
    else expect(planned.refusals.length).toBeGreaterThan(0);
  });
});
