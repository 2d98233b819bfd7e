/** Servers on this machine that hand out the files of a backup: started, logged in to, and waited for. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedFile } from '../apply/restore/served-file.ts';
import { OpsError } from '../errors.ts';
import { temporaryServers } from '../local/temporary-servers.ts';
import type { SourceCluster } from '../redis/cluster.ts';
import { connect } from '../redis/connect.ts';
import { argv } from '../wire/argv.ts';
import { parseInfo } from '../wire/info.ts';

/** How often a server that reads its file is asked whether it is done. */
const POLL_MS = 20;
/** A slow disk gives this much, and reading takes a server no longer than that. */
const BYTES_PER_MS_MIN = 1000;
const READ_TIMEOUT_MS_MIN = 60_000;
const ANSWER_TIMEOUT_MS = 30_000;

export interface BackupServers {
  /** A server that has read the file, or an empty one for null. Throws FAILED, TIMEOUT or INTERRUPTED; then it has ended. */
  serve(file: { readonly path: string; readonly bytes: number } | null, signal: AbortSignal): Promise<ServedFile>;
  /** Ends all of them. */
  close(): Promise<void>;
}

/** Their folders are below `parent`, and go with them. */
export function backupServers(parent: string, run: string, binary: string): BackupServers {
  const servers = temporaryServers(parent, run, binary);
  return {
    serve: async (file, signal) => {
      const server = await servers.start(file?.path ?? null);
      const port = connect({
        user: null,
        password: server.password,
        tls: null,
        timeoutMs: ANSWER_TIMEOUT_MS,
        clientName: null,
        natMap: new Map(),
        family: 0,
      });
      // Nobody writes to it, and a key that expires here is no reason to delete what a client has put in its place there.
      const cluster: SourceCluster = { ...port, trackChanges: async () => null };
      const address = { host: server.host, port: server.port };
      const stop = async (): Promise<void> => {
        cluster.close();
        await server.stop();
      };
      const deadline = performance.now() + READ_TIMEOUT_MS_MIN + (file?.bytes ?? 0) / BYTES_PER_MS_MIN;
      try {
        while (await isLoading()) {
          if (signal.aborted) throw new OpsError('INTERRUPTED', 'Interrupted by the operator.');
          if (performance.now() > deadline) throw new OpsError('TIMEOUT', `A server still reads ${file?.path}.`);
          await sleep(POLL_MS);
        }
        if (file !== null) await requireUnchanged(file);
        return { cluster, address, farewell, stop };
      } catch (cause) {
        const last = farewell();
        const failure = last === null ? cause : new OpsError('FAILED', last, { cause });
        await stop();
        throw failure;
      }

      function farewell(): string | null {
        return server.isRunning() ? null : server.farewell(file?.path ?? 'nothing');
      }

      async function isLoading(): Promise<boolean> {
        const { loading } = parseInfo(String(await cluster.call(address, argv.info('persistence'))));
        return loading !== '0';
      }
    },
    close: () => servers.close(),
  };
}

/** A server that does not find its file begins empty, and says nothing of it. Throws FAILED. */
async function requireUnchanged({ path, bytes }: { readonly path: string; readonly bytes: number }): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  if (size === bytes) return;
  const change = size === null ? 'is not there any more' : `has ${size} bytes instead of ${bytes}`;
  throw new OpsError('FAILED', `${path} ${change}: it was removed or changed after it had been checked.`, {
    suggestions: ['Bring the backup back, check it with `cluster backup --verify`, and type the same command again.'],
  });
}
