/** How are the servers of a local cluster? Answered from the record, the process table and the ports; it reads only. */
import { portsInUse } from './ports.ts';
import { serverDirectory } from './server-process.ts';
import { isUp, readLocalState } from './state.ts';

export interface LocalNodeStatus {
  readonly port: number;
  /** Null unless it is running. */
  readonly pid: number | null;
  readonly dir: string;
  /** `stopped`: by us, data kept. `gone`: it ended without us. `taken`: neither runs it, and another process listens on its port. */
  readonly state: 'running' | 'stopped' | 'gone' | 'taken';
}

/** Every node of the local cluster of this folder; null where there is none. */
export async function localClusterStatus(dir: string): Promise<readonly LocalNodeStatus[] | null> {
  const state = readLocalState(dir);
  if (state === null) return null;
  const taken = await portsInUse(
    state.nodes.map((node) => node.port),
    state.host,
  );
  return state.nodes.map((node) => {
    const place = { port: node.port, dir: serverDirectory(dir, node.port) };
    if (isUp(node)) return { ...place, pid: node.process.pid, state: 'running' };
    if (taken.includes(node.port)) return { ...place, pid: null, state: 'taken' };
    return { ...place, pid: null, state: node.process === null ? 'stopped' : 'gone' };
  });
}
