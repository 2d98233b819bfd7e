import { describe, expect, it } from 'vitest';
import { bytesOf, keysOf, parseManifest } from '../../../src/lib/model/backup.ts';

const SHARD = {
  primaryId: 'a'.repeat(40),
  slots: [[0, 16383]],
  takenFrom: { id: 'a'.repeat(40), address: '10.0.0.1:7000', role: 'primary' },
  file: 'redis-node-10.0.0.1-7000-a.rdb',
  bytes: 100,
  sha256: '0'.repeat(64),
  rdb: { magic: 'REDIS', version: 10, checksum: 'verified' },
  replication: { id: 'b'.repeat(40), offset: 7 },
  keysCountedBefore: 3,
  databases: [{ index: 0, keys: 3 }],
  memoryBytes: 1000,
};
const MANIFEST = {
  version: 1,
  created: '2026-11-23T04:00:00.000Z',
  servers: [],
  nodes: [],
  shards: [SHARD],
  problems: [],
};

describe('a manifest', () => {
  it('is read as it was written', () => {
    const manifest = parseManifest(JSON.stringify(MANIFEST));
    expect(manifest).toEqual(MANIFEST);
    if (typeof manifest !== 'string') expect([keysOf(manifest), bytesOf(manifest)]).toEqual([3, 100]);
  });

  it.each([
    ['{"version":1', 'it is not a JSON object'],
    ['[]', 'it is not a JSON object'],
    [JSON.stringify({ ...MANIFEST, version: 2 }), 'its version is 2, and only 1 is known here'],
    [JSON.stringify({ ...MANIFEST, shards: [] }), 'it names no shards'],
    [JSON.stringify({ ...MANIFEST, nodes: null }), 'it lacks nodes, servers, problems or the time when it was made'],
    [JSON.stringify({ ...MANIFEST, shards: [SHARD, { ...SHARD, bytes: -1 }] }), 'its shard 2 is incomplete'],
    [JSON.stringify({ ...MANIFEST, shards: [{ ...SHARD, sha256: 'x' }] }), 'its shard 1 is incomplete'],
    [JSON.stringify({ ...MANIFEST, shards: [SHARD, SHARD] }), 'two of its shards have one file'],
  ])('is not read from %.30s…', (text, reason) => {
    expect(parseManifest(text)).toBe(reason);
  });

  it.each(['../outside.rdb', '/etc/passwd', 'dir/x.rdb', 'nodes.json', '..\\x.rdb'])('names no file %s', (file) => {
    expect(parseManifest(JSON.stringify({ ...MANIFEST, shards: [{ ...SHARD, file }] }))).toBe(
      'its shard 1 is incomplete',
    );
  });
});
