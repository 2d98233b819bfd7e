/** Tests that read as shell transcripts: nodes, one typed line, and what comes of it. */
import { clusterCli, type RunOptions, type RunResult } from './executables.ts';
import { type ServersOptions, startServers, type TestServer, type TestServers } from './servers.ts';

export type Nodes = readonly TestServer[];

/** Runs `work` with fresh servers and with their addresses as they are typed; the servers end with it. */
export async function withNodes(
  options: ServersOptions,
  work: (nodes: Nodes, typed: string, servers: TestServers) => Promise<void>,
): Promise<void> {
  const servers = await startServers(options);
  try {
    await work(servers.nodes, typedAs(servers.nodes), servers);
  } finally {
    await servers.stop();
  }
}

/** The addresses, parted by spaces. */
export function typedAs(nodes: Nodes): string {
  return nodes.map(({ address }) => address).join(' ');
}

/** `cluster LINE`: words parted by spaces, as there are no quotes. */
export function cluster(line: string, options?: RunOptions): Promise<RunResult> {
  return clusterCli(line.trim().split(/\s+/), options);
}
