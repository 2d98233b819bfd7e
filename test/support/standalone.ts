/** Servers that are not in cluster mode: what an import reads from. */
import { present } from '../../src/lib/assert.ts';
import { type ServersOptions, startServers, type TestServer, type TestServers } from './servers.ts';

export interface Standalone extends TestServer {
  readonly servers: TestServers;
  /** Kills the server and removes its folder. */
  stop(): Promise<void>;
}

/** One server with `databases` 16 and nothing in them. */
export async function startStandalone(options: Omit<ServersOptions, 'count'> = {}): Promise<Standalone> {
  const servers = await startServers({
    ...options,
    count: 1,
    settings: { 'cluster-enabled': 'no', ...options.settings },
  });
  const node = present(servers.nodes[0], 'one server was started');
  return { ...node, servers, stop: () => servers.stop() };
}
