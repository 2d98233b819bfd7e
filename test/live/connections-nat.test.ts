/**
 * Every command where nodes announce addresses that cannot be reached from here, as in containers or behind a tunnel:
 * they talk to each other at 127.0.1.x, and the program reaches them at proxies only, by --nat-map. Keys that move have to
 * go between the announced addresses.
 */
import { expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';
import { clusterCli } from '../support/executables.ts';
import { formCluster } from '../support/formed-cluster.ts';
import { startTcpProxies } from '../support/tcp-proxy.ts';
import { withoutRouteTo } from '../support/unroutable.ts';

const HOSTS = ['127.0.1.1', '127.0.1.2', '127.0.1.3'];

tour({
  name: 'addresses that are reached by --nat-map only',
  flavor: 'valkey-9.1',
  reach: async () => {
    let stopProxies: () => void = () => undefined;
    const reached = await reachServers({ flavor: 'valkey-9.1', hosts: HOSTS }, async ({ members, source }) => {
      const announced = [...members.nodes, source].map(({ address }) => address);
      const proxies = await startTcpProxies(announced, { delayMs: 0 });
      stopProxies = proxies.stop;
      const pairs = announced.map((address, index) => `${address}=${proxies.addresses[index]}`);
      return {
        typed: proxies.addresses.slice(0, -1),
        typedSource: present(proxies.addresses.at(-1), 'the source has one'),
        flags: () => [
          '--nat-map',
          pairs.slice(0, 2).join(','),
          ...pairs.slice(2).flatMap((pair) => ['--nat-map', pair]),
        ],
        env: withoutRouteTo('127.0.1.'),
      };
    });
    return {
      ...reached,
      stop: async () => {
        stopProxies();
        await reached.stop();
      },
    };
  },
});

it('without --nat-map, the nodes that cannot be reached are named with the reason', async () => {
  const formed = await formCluster({ shards: 3, hosts: HOSTS });
  const proxies = await startTcpProxies([formed.seed], { delayMs: 0 });
  try {
    const [seed = ''] = proxies.addresses;
    const run = await clusterCli(['check', seed], { env: withoutRouteTo('127.0.1.') });
    expect(run).toMatchObject({ code: 1 });
    for (const index of [1, 2])
      expect(run.stdout).toContain(
        `Could not connect to Redis at ${formed.primary(index).address}: Network is unreachable`,
      );
    expect(run.stdout).toContain('--nat-map');
  } finally {
    proxies.stop();
    await formed.stop();
  }
});
