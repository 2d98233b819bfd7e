/**
 * A cluster and a backup in, a plan of restoring or its refusal out, as files that a person can review.
 * `npx vitest run --project unit test/transcripts -u` writes them anew.
 */
import { describe, expect, it } from 'vitest';
import type { BackedUpShard, BackupManifest } from '../../src/lib/model/backup.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { RestoreOptions } from '../../src/lib/plan/restore.ts';
import { planRestore } from '../../src/lib/plan/restore.ts';
import { renderRestorePlan } from '../../src/lib/view/restore.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

const MEBIBYTE = 1024 * 1024;
const USUAL: RestoreOptions = {
  directory: '/backups/monday',
  replace: false,
  force: false,
  parallel: 2,
  availableMemory: 4096 * MEBIBYTE,
};

function shard(name: string, slots: BackedUpShard['slots'], more: Partial<BackedUpShard> = {}): BackedUpShard {
  return {
    primaryId: nodeId(name),
    slots,
    takenFrom: { id: nodeId(name), address: '10.0.0.1:7000', role: 'primary' },
    file: `redis-node-${name}.rdb`,
    bytes: 3 * MEBIBYTE,
    sha256: '0'.repeat(64),
    rdb: { magic: 'REDIS', version: 10, checksum: 'verified' },
    replication: { id: 'b'.repeat(40), offset: 7 },
    keysCountedBefore: 20_000,
    databases: [{ index: 0, keys: 20_000 }],
    memoryBytes: 5 * MEBIBYTE,
    ...more,
  };
}

const MANIFEST: BackupManifest = {
  version: 1,
  created: '2026-11-23T04:00:00.000Z',
  servers: [{ product: 'redis', version: '7.0.15' }],
  nodes: [],
  shards: [shard('a', [[0, 5460]]), shard('b', [[5461, 10922]]), shard('c', [[10923, 16383]])],
  problems: [],
};
const empty = topology()
  .primary('x', { slots: '0-8191' })
  .primary('y', { slots: '8192-16383' })
  .replica('z', { of: 'x' });
const filled = topology()
  .primary('x', { slots: '0-8191', info: { db0: 'keys=7,expires=0,avg_ttl=0' } })
  .primary('y', { slots: '8192-16383' });

interface Request {
  readonly cluster: Topology;
  readonly manifest?: Partial<BackupManifest>;
  readonly options?: Partial<RestoreOptions>;
}

const OTHER_DATABASE = [
  { index: 0, keys: 20_000 },
  { index: 3, keys: 12 },
];
const REQUESTS: Readonly<Record<string, Request>> = {
  'three-files-into-two-shards': { cluster: empty.build() },
  'into-a-cluster-with-keys': { cluster: filled.build() },
  'over-a-cluster-with-keys': { cluster: filled.build(), options: { replace: true } },
  'too-little-memory': {
    cluster: topology()
      .primary('x', { slots: '0-16383', info: { maxmemory: '9000000' } })
      .build(),
    options: { availableMemory: 6 * MEBIBYTE },
  },
  'of-a-cluster-that-was-not-well': {
    cluster: empty.build(),
    manifest: { problems: ['Node 10.0.0.1:7000 has slots in migrating state 7.'] },
  },
  'refused-other-databases': {
    cluster: empty.build(),
    manifest: { shards: [shard('a', [[0, 16383]], { databases: OTHER_DATABASE })] },
  },
  'forced-without-other-databases': {
    cluster: empty.build(),
    manifest: { shards: [shard('a', [[0, 16383]], { databases: OTHER_DATABASE })] },
    options: { force: true },
  },
  'refused-hole': { cluster: topology().primary('x', { slots: '0-8191' }).build() },
};

describe('restore', () => {
  it.each(Object.keys(REQUESTS))('%s', async (name) => {
    const { cluster, manifest: changes, options } = REQUESTS[name] as Request;
    const manifest = { ...MANIFEST, ...changes };
    const planned = planRestore(cluster, manifest, { ...USUAL, ...options });
    const page = planned.ok
      ? renderRestorePlan(planned.plan, manifest, '/usr/bin/redis-server', { color: false, width: null })
      : planned.refusals
          .map(({ rule, message, suggestion = '' }) => `[${rule}] ${message}\n  ${suggestion}`)
          .join('\n');
    await expect(`${page}\n`).toMatchFileSnapshot(`restore/${name}.txt`);
  });
});
