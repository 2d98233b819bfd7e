/** Every command where nodes are called by host names, where they do not tell clients how to reach them, and on IPv6. */
import { networkInterfaces } from 'node:os';
import { describe } from 'vitest';
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');

tour({
  name: 'host names',
  flavor: 'default',
  reach: () =>
    reachServers(
      { settings: { 'cluster-announce-hostname': 'localhost', 'cluster-preferred-endpoint-type': 'hostname' } },
      ({ members }) => ({ typed: members.nodes.map(({ port }) => `localhost:${port}`), flags: () => ['-4'] }),
    ),
});

tour({
  name: 'endpoints that are not told',
  flavor: 'valkey-9.1',
  reach: () =>
    reachServers(
      { flavor: 'valkey-9.1', settings: { 'cluster-preferred-endpoint-type': 'unknown-endpoint' } },
      () => ({}),
    ),
});

describe.runIf(hasIpv6)('::1 is there', () => {
  tour({
    name: 'IPv6',
    flavor: 'default',
    reach: () =>
      reachServers({ hosts: ['::1'] }, ({ members }) => ({
        // Both forms that operators write.
        typed: members.nodes.map(({ port }, index) => (index % 2 === 0 ? `[::1]:${port}` : `::1:${port}`)),
        flags: () => ['-6'],
      })),
  });
});
