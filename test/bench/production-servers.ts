/** Servers set up as in production, where the test servers of `support` are set up to be quick. */
import { assert } from '../../src/lib/assert.ts';
import { parseInfo } from '../../src/lib/wire/info.ts';
import { eventually } from '../support/eventually.ts';
import { clusterCli } from '../support/executables.ts';
import { rawCommand } from '../support/raw-command.ts';
import { startServers, type TestServers } from '../support/servers.ts';

/** The servers' own defaults for whatever decides how soon a new cluster serves. */
const PRODUCTION_SETTINGS = { 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '5' };

/** For 2 s after its start a primary does not serve, whatever it is told; the field counts whole seconds. */
const UPTIME_SECONDS_MIN = 3;
const CREATE_TIMEOUT_MS = 120_000;

/** Servers that have not been joined, and have run for so long that their own start delays nothing any more. */
export async function startRipeServers(count: number): Promise<TestServers> {
  const servers = await startServers({ count, settings: PRODUCTION_SETTINGS });
  try {
    // One after the other: they ripen at the same time, and who waits should not keep them busy.
    for (const { address } of servers.nodes)
      await eventually(() => hasRipened(address), { what: `${address} is ripe` });
  } catch (error) {
    await servers.stop();
    throw error;
  }
  return servers;
}

/** Runs `work` on the servers of a cluster that serves, half of them primaries; stops them however it ends. */
export async function withCluster<Result>(count: number, work: (seed: string) => Promise<Result>): Promise<Result> {
  const servers = await startServers({ count, settings: PRODUCTION_SETTINGS });
  try {
    const addresses = servers.nodes.map(({ address }) => address);
    const args = ['create', ...addresses, '--replicas', '1', '--yes'];
    const { code, stdout, stderr } = await clusterCli(args, { timeoutMs: CREATE_TIMEOUT_MS });
    assert(code === 0, `cluster create makes the cluster that is measured, but: ${stdout}\n${stderr}`);
    return await work(addresses[0] ?? '');
  } finally {
    await servers.stop();
  }
}

async function hasRipened(address: string): Promise<void> {
  const info = parseInfo(String(await rawCommand(address, ['INFO', 'server'])));
  assert(Number(info['uptime_in_seconds']) >= UPTIME_SECONDS_MIN, `${address} has run for ${UPTIME_SECONDS_MIN} s`);
}
