/** `cluster backup` of real clusters: what is in it, and that it is what redis-cli would have made. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { manifestIn, newBackupFolder, rdbFilesIn } from '../support/backup-folders.ts';
import { redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { findServer, serverBinary } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';

const execute = promisify(execFile);
const KEYS = 300;

describe.each(['default', 'valkey-9.1'] as const)('backup of a cluster of the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, replicas: 1, flavor, settings: { 'repl-diskless-sync-delay': '0' } });
      await formed.putKeys(KEYS);
    });
    afterAll(() => formed?.stop());

    it('from replicas: every key, the topology and the checksums', async () => {
      const folder = path.join(newBackupFolder(), 'first');
      const run = await cluster(`backup ${formed.seed} ${folder}`);
      expect(run).toMatchObject({ code: 0 });
      for (const { address } of formed.replicas) expect(run.stdout).toContain(`>>> Node ${address} -> Saving RDB...\n`);
      expect(run.stdout).toContain(`[OK] Backup created into: ${folder}\n`);
      const { shards, nodes, problems } = manifestIn(folder);
      expect(shards.map(({ takenFrom }) => takenFrom.role)).toEqual(['replica', 'replica', 'replica']);
      expect(shards.map(({ rdb }) => rdb.checksum)).toEqual(['verified', 'verified', 'verified']);
      expect(shards.reduce((sum, { keysCountedBefore }) => sum + keysCountedBefore, 0)).toBe(KEYS);
      expect([nodes.length, problems]).toEqual([6, []]);
      expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'nodes.json', ...rdbFilesIn(folder)]);
      expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 0 });
    });

    it('names and nodes.json are those of redis-cli', async () => {
      const [ours, theirs] = [newBackupFolder(), newBackupFolder()];
      expect(await cluster(`backup ${formed.seed} ${ours}`)).toMatchObject({ code: 0 });
      const run = await redisCli(['--cluster', 'backup', formed.seed, theirs], { flavor });
      expect(run).toMatchObject({ code: 0 });
      expect(rdbFilesIn(ours)).toEqual(rdbFilesIn(theirs));
      const nodesIn = (folder: string): readonly string[] =>
        readFileSync(path.join(folder, 'nodes.json'), 'utf8')
          .slice(2, -2)
          .split(/,\n(?= {2}\{)/)
          .sort();
      expect(nodesIn(ours)).toEqual(nodesIn(theirs));
    });

    it('redis-check-rdb accepts every file, and counts the keys', async () => {
      const folder = path.join(newBackupFolder(), 'checked');
      expect(await cluster(`backup ${formed.seed} ${folder} --from primaries --per-host 3`)).toMatchObject({ code: 0 });
      let keys = 0;
      for (const file of rdbFilesIn(folder)) {
        const { stdout } = await execute(serverBinary(flavor).checkRdb, [path.join(folder, file)]);
        expect(stdout).toContain('\\o/ RDB looks OK! \\o/');
        keys += Number(/(\d+) keys read/.exec(stdout)?.[1]);
      }
      expect(keys).toBe(KEYS);
    });

    it('as a stream where the server has no disk to write to', async () => {
      const node = formed.primary(1);
      rmSync(node.dir, { recursive: true });
      try {
        const folder = path.join(newBackupFolder(), 'streamed');
        const run = await cluster(`backup ${formed.seed} ${folder} --from primaries`);
        expect(run).toMatchObject({ code: 0 });
        expect(run.stderr).toContain('It is asked once more, for a stream that needs no disk of its own.');
        expect(manifestIn(folder).shards.map(({ rdb }) => `${rdb.version}`)).toEqual(
          Array(3).fill(flavor === 'default' ? '10' : '80'),
        );
        expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 0 });
      } finally {
        mkdirSync(node.dir, { recursive: true });
      }
    });

    it('--json is one document, and --dry-run makes nothing', async () => {
      const folder = path.join(newBackupFolder(), 'planned');
      const dry = await cluster(`backup ${formed.seed} ${folder} --dry-run --json`);
      expect(JSON.parse(dry.stdout)).toMatchObject({ version: 1, outcome: 'planned', plan: { shards: [{}, {}, {}] } });
      expect(existsSync(folder)).toBe(false);
      const run = await cluster(`backup ${formed.seed} ${folder} --json`);
      expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, outcome: 'done', manifest: manifestIn(folder) });
    });
  });
});

describe('what is written before a backup', () => {
  it('is in it, also where the replica is behind', async () => {
    const formed = await formCluster({ shards: 1, replicas: 1 });
    try {
      const [primary, replica] = [formed.primary(0), formed.replica(0)];
      for (let round = 0; round < 3; round++) {
        // The replica has to read all of this before it is up to date.
        await formed.call(primary, 'EVAL', `for i = 1, 30000 do redis.call('SET', 'r${round}:' .. i, i) end`, '0');
        const folder = path.join(newBackupFolder(), 'fresh');
        const run = await cluster(`backup ${formed.seed} ${folder}`);
        expect(run).toMatchObject({ code: 0 });
        const [shard] = manifestIn(folder).shards;
        expect(shard?.takenFrom.address).toBe(replica.address);
        const { stdout } = await execute(serverBinary().checkRdb, [
          path.join(folder, present(shard, 'one shard').file),
        ]);
        expect(stdout).toContain(`${(round + 1) * 30_000} keys read`);
      }
    } finally {
      await formed.stop();
    }
  });
});
