/** `cluster restore`: the same keys in a cluster of another shape, also after kill -9, and no server left behind. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import type { FormedCluster } from '../support/formed-cluster.ts';
import { expectSameKeys } from '../support/keys-of-all-kinds.ts';
import {
  keysOf,
  SAVED_KEYS,
  type SavedBackup,
  SLOWLY,
  saveBackup,
  serversOf,
  withTarget,
} from '../support/saved-backup.ts';
import { findServer, serverBinary } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, newStateFolder } from '../support/watched-run.ts';

describe.each(['default', 'valkey-9.1'] as const)('a backup of the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let clients: ByteClients;
    let saved: SavedBackup;
    let server: string;

    beforeAll(async () => {
      clients = new ByteClients();
      server = serverBinary(flavor).server;
      saved = await saveBackup(clients, flavor);
    });
    afterAll(() => clients?.close());

    async function expectRestored(formed: FormedCluster): Promise<void> {
      expectSameKeys(await keysOf(clients, formed), saved.keys);
      for (const node of formed.primaries) expect(await formed.call(node, 'FCALL', 'hello', '0')).toBe('hello');
    }

    it.each([{ shards: 1 }, { shards: 2, replicas: 1 }, { shards: 5 }])(
      'is restored into another cluster: %o',
      (shape) =>
        withTarget({ ...shape, flavor }, async (formed) => {
          const state = newStateFolder();
          const run = await cluster(`restore ${saved.folder} ${formed.seed} --server ${server} --yes`, state);
          expect(run).toMatchObject({ code: 0 });
          expect(run.stdout).toContain(`[OK] ${SAVED_KEYS.toLocaleString('en-US')} keys restored in `);
          expect(run.stdout).toContain('Functions on every primary: greetings.');
          await expectRestored(formed);
          expect(serversOf(state)).toEqual([]);
          const again = await cluster(`restore ${saved.folder} ${formed.seed} --server ${server} --yes --json`, state);
          expect(again).toMatchObject({ code: 0 });
          const document = JSON.parse(again.stdout) as {
            outcome: string;
            files: { report: { alreadyThere: number } }[];
          };
          expect(document.outcome).toBe('done');
          expect(document.files.reduce((sum, { report }) => sum + report.alreadyThere, 0)).toBe(SAVED_KEYS);
          expect((await cluster('history', state)).stdout).toMatch(/ done +0\/0 +restore /);
        }),
    );

    it.each([
      { lines: 1, afterMs: 0 },
      { lines: 1, afterMs: 300 },
      { lines: 1, afterMs: 900 },
    ])('kill -9 after %o, and again: every key once, and no server is left', (moment) =>
      withTarget({ shards: 2, flavor }, async (formed) => {
        const state = newStateFolder();
        const line = `restore ${saved.folder} ${formed.seed} --server ${server} --yes`;
        expect(await killedRun(`${line} ${SLOWLY}`, state, moment)).toMatchObject({ signal: 'SIGKILL' });
        await eventually(
          () => {
            expect(serversOf(state)).toEqual([]);
            expect(readdirSync(path.join(state.env.XDG_STATE_HOME, 'cluster/restore'))).toEqual([]);
          },
          { what: 'no server and no file is left', withinMs: 2000 },
        );
        expect(await cluster(line, state)).toMatchObject({ code: 0 });
        await expectRestored(formed);
      }),
    );

    it('Ctrl-C: exit code 130, no server is left, and it goes on', () =>
      withTarget({ shards: 2, flavor }, async (formed) => {
        const state = newStateFolder();
        const line = `restore ${saved.folder} ${formed.seed} --server ${server} --yes`;
        const stopped = await killedRun(`${line} ${SLOWLY}`, state, { lines: 1, afterMs: 600 }, 'SIGINT');
        expect(stopped).toMatchObject({ code: 130 });
        expect(serversOf(state)).toEqual([]);
        expect(await cluster(line, state)).toMatchObject({ code: 0 });
        await expectRestored(formed);
      }));
  });
});
