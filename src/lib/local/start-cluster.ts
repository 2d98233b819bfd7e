/**
 * Up: the servers of a cluster on this machine run, or nothing has changed. Forming the cluster is not done here: new
 * servers are joined by the same `create` as any others, and kept ones find each other again by their own nodes.conf.
 */
import path from 'node:path';
import { OpsError } from '../errors.ts';
import { BUS_PORT_OFFSET } from '../model/address.ts';
import { claimFolders, removeData } from './folders.ts';
import { portsInUse } from './ports.ts';
import { launchServer, type ServerProcess, stopServer, waitUntilServing } from './server-process.ts';
import type { ServerSettings } from './server-settings.ts';
import { isUp, type LocalNode, type LocalState, readLocalState, writeLocalState } from './state.ts';

/** What `local up` starts when asked for nothing in particular: three shards of two. */
export const LOCAL_DEFAULTS = { host: '127.0.0.1', port: 7000, count: 6, replicas: 1 } as const;

export interface UpOptions {
  readonly dir: string;
  readonly binary: string;
  /** The shape: undefined means as it was kept, else {@link LOCAL_DEFAULTS}. Another shape than the kept one is refused. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly count?: number | undefined;
  readonly replicas?: number | undefined;
  /** Not recorded: to be given at each start. Without a save point, data does not survive `down`. */
  readonly settings?: ServerSettings;
  readonly startTimeoutMs?: number;
  /** Fires when the operator asks to stop. */
  readonly signal?: AbortSignal;
}

export interface UpResult {
  readonly state: LocalState;
  /** The ports of the servers that this call started; none where all were up already. */
  readonly started: readonly number[];
  /** True where the servers are empty and are to be formed into a cluster. */
  readonly isNew: boolean;
}

/**
 * Starts the servers that do not run: all of a new cluster, or what is down of one that was kept. All or nothing: where
 * one fails, those that this call started are stopped, and a new cluster's folders are removed. Throws OpsError: REFUSED
 * where ports are in use or the shape is another, FAILED or TIMEOUT with the end of a server's log, INTERRUPTED.
 */
export async function startLocalCluster(options: UpOptions): Promise<UpResult> {
  const dir = path.resolve(options.dir);
  const kept = readLocalState(dir);
  if (kept !== null) refuseOtherShape(dir, kept, options);
  const state = { ...(kept ?? newState(options)), binary: options.binary };
  const down = state.nodes.filter((node) => !isUp(node)).map((node) => node.port);
  await refusePortsInUse(state.host, down);
  if (kept === null) claimFolders(dir, down);
  try {
    return { state: await startAll(dir, state, down, options), started: down, isNew: kept === null };
  } catch (error) {
    if (kept === null) removeData(dir, down);
    else writeLocalState(dir, kept);
    throw error;
  }
}

function newState(options: UpOptions): LocalState {
  const { host = LOCAL_DEFAULTS.host, port = LOCAL_DEFAULTS.port } = options;
  const { count = LOCAL_DEFAULTS.count, replicas = LOCAL_DEFAULTS.replicas } = options;
  const highest = 65535 - BUS_PORT_OFFSET;
  if (count < 1 || port < 1 || port + count - 1 > highest)
    throw new OpsError('USAGE', `${count} nodes from port ${port} on do not fit below port ${highest}.`);
  const nodes = Array.from({ length: count }, (_, index): LocalNode => ({ port: port + index, process: null }));
  return { version: 1, binary: options.binary, host, replicas, nodes };
}

function refuseOtherShape(dir: string, kept: LocalState, options: UpOptions): void {
  const first = kept.nodes[0]?.port;
  const { host = kept.host, port = first, count = kept.nodes.length, replicas = kept.replicas } = options;
  if (host === kept.host && port === first && count === kept.nodes.length && replicas === kept.replicas) return;
  throw new OpsError(
    'REFUSED',
    `${dir} holds a local cluster of another shape: ${kept.nodes.length} nodes with ${kept.replicas} replicas for each primary, on ${kept.host} from port ${first} on.`,
    {
      suggestions: [
        'Start it as it is with `cluster local up`.',
        'Remove it with `cluster local down`, then start the new one.',
      ],
    },
  );
}

async function refusePortsInUse(host: string, ports: readonly number[]): Promise<void> {
  const taken = await portsInUse([...ports, ...ports.map((port) => port + BUS_PORT_OFFSET)], host);
  if (taken.length === 0) return;
  const [noun, verb] = taken.length === 1 ? ['Port', 'is'] : ['Ports', 'are'];
  throw new OpsError('REFUSED', `${noun} ${taken.join(', ')} on ${host} ${verb} in use: no server was started.`, {
    suggestions: [
      'Choose another first port with --port.',
      `See who has them: \`ss -tlnp\` or \`lsof -i :${taken[0]}\`.`,
    ],
  });
}

async function startAll(
  dir: string,
  state: LocalState,
  ports: readonly number[],
  options: UpOptions,
): Promise<LocalState> {
  const { binary, settings = {}, startTimeoutMs, signal } = options;
  const launched: ServerProcess[] = [];
  try {
    for (const port of ports) {
      launched.push(launchServer({ binary, dir, host: state.host, port, settings }));
      // After EACH launch: whoever kills us finds in the record what `local down` has to stop.
      writeLocalState(dir, withProcesses(state, launched));
    }
    await Promise.all(launched.map((server) => waitUntilServing(server, startTimeoutMs, signal)));
    return withProcesses(state, launched);
  } catch (error) {
    await Promise.all(launched.map((server) => stopServer(server, { save: false })));
    throw error;
  }
}

function withProcesses(state: LocalState, launched: readonly ServerProcess[]): LocalState {
  const nodes = state.nodes.map((node) => {
    const server = launched.find(({ port }) => port === node.port);
    return server ? { port: node.port, process: { pid: server.pid, startTime: server.startTime } } : node;
  });
  return { ...state, nodes };
}
