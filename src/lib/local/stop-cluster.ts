/** Down: the servers that were started here have ended, and their data is kept or gone, as the caller wants. */
import { removeData } from './folders.ts';
import { serverDirectory, stopServer } from './server-process.ts';
import { readLocalState, writeLocalState } from './state.ts';

export interface DownResult {
  /** The ports of the servers that this call stopped. */
  readonly stopped: readonly number[];
  /** True where data was there and was removed. */
  readonly isRemoved: boolean;
}

/**
 * Stops the servers that were started here, and no other process. With `keep` each writes its data first, and the next
 * start brings the cluster back; without it they are killed and their folders are removed. A folder without a local
 * cluster is already down. Throws OpsError TIMEOUT where a server does not end: it and its data are left as they are.
 */
export async function stopLocalCluster(
  dir: string,
  { keep, stopTimeoutMs }: { readonly keep: boolean; readonly stopTimeoutMs?: number },
): Promise<DownResult> {
  const state = readLocalState(dir);
  if (state === null) return { stopped: [], isRemoved: false };
  const bound = stopTimeoutMs === undefined ? {} : { stopTimeoutMs };
  const outcomes = await Promise.allSettled(
    state.nodes.map(async ({ port, process: owner }) => {
      if (owner === null) return false;
      return stopServer({ ...owner, port, dir: serverDirectory(dir, port) }, { save: keep, ...bound });
    }),
  );
  const nodes = state.nodes.map((node, index) =>
    outcomes[index]?.status === 'rejected' ? node : { port: node.port, process: null },
  );
  writeLocalState(dir, { ...state, nodes });
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  const ports = state.nodes.map((node) => node.port);
  if (!keep) removeData(dir, ports);
  const stopped = ports.filter((_, index) => {
    const outcome = outcomes[index];
    return outcome?.status === 'fulfilled' && outcome.value;
  });
  return { stopped, isRemoved: !keep };
}
