/** Servers set up as in production; those of `support` are set up to be quick. All are stopped however the work ends. */
import { assert, present } from '../../src/lib/assert.ts';
import { parseInfo } from '../../src/lib/wire/info.ts';
import { eventually } from '../support/eventually.ts';
import { clusterCli } from '../support/executables.ts';
import { startServers } from '../support/servers.ts';
import { connectNodes, type NodeConnection } from './node-connections.ts';

/** The servers' own defaults of whatever decides how soon a new cluster serves. */
const PRODUCTION_SETTINGS = { 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '5' };

/** For 2 s after its start a primary does not serve, whatever it is told. The server counts whole seconds. */
const UPTIME_SECONDS_MIN = 3;
const CREATE_TIMEOUT_MS = 120_000;

/** "cluster-node-timeout 15000, …": the times in a report mean nothing without them. */
export function settingsInWords(): string {
  return Object.entries(PRODUCTION_SETTINGS)
    .map((setting) => setting.join(' '))
    .join(', ');
}

/** Does `work` with servers that are not joined yet, and whose own start delays nothing any more. */
export async function withRipeServers<Result>(
  count: number,
  work: (nodes: readonly NodeConnection[]) => Promise<Result>,
): Promise<Result> {
  return withServers(count, async (addresses) => {
    const nodes = await connectNodes(addresses);
    try {
      // One after the other: all ripen at the same time, and asking should not keep them busy.
      for (const node of nodes) await eventually(() => expectRipe(node), { what: `${node.address} is ripe` });
      return await work(nodes);
    } finally {
      for (const node of nodes) node.close();
    }
  });
}

/** Does `work` with a cluster that serves: half of its nodes are primaries, each with a replica. */
export async function withCluster<Result>(count: number, work: (seed: string) => Promise<Result>): Promise<Result> {
  return withServers(count, async (addresses) => {
    const args = ['create', ...addresses, '--replicas', '1', '--yes'];
    const { code, stdout, stderr } = await clusterCli(args, { timeoutMs: CREATE_TIMEOUT_MS });
    if (code !== 0) throw new Error(`cluster create did not make ${count} nodes a cluster:\n${stdout}\n${stderr}`);
    return work(present(addresses[0], 'a cluster has a node'));
  });
}

async function withServers<Result>(
  count: number,
  work: (addresses: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const servers = await startServers({ count, settings: PRODUCTION_SETTINGS });
  try {
    return await work(servers.nodes.map(({ address }) => address));
  } finally {
    await servers.stop();
  }
}

async function expectRipe(node: NodeConnection): Promise<void> {
  const uptimeSeconds = Number(parseInfo(await node.ask('INFO', 'server'))['uptime_in_seconds']);
  assert(uptimeSeconds >= UPTIME_SECONDS_MIN, `${node.address} has run for ${UPTIME_SECONDS_MIN} s`);
}
