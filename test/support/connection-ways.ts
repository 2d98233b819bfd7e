/** Starting the servers of a tour: five in cluster mode, and one that is not, in the same manner. */

import { type ServersOptions, startServers, type TestServer, type TestServers } from './servers.ts';
import type { Reached } from './tour-cluster.ts';
import { TOUR_NODES } from './tour-cluster.ts';

export interface TourServers {
  readonly members: TestServers;
  readonly source: TestServer;
}

/** What a way to connect adds to what all ways have. */
export type WayDetails = Partial<Omit<Reached, 'nodes' | 'source' | 'stop'>>;

/** Starts them; `details` says how an operator reaches them, by default plainly and at their own addresses. */
export async function reachServers(
  options: Omit<ServersOptions, 'count'>,
  details: (servers: TourServers) => WayDetails | Promise<WayDetails>,
): Promise<Reached> {
  const started: TestServers[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((servers) => servers.stop()));
  };
  try {
    const members = await startServers({ ...options, count: TOUR_NODES });
    started.push(members);
    const [source] = await startSource(options, started);
    const { nodes } = members;
    return {
      nodes,
      source,
      typed: nodes.map(({ address }) => address),
      typedSource: source.address,
      flags: () => [],
      sourceFlags: [],
      env: {},
      login: {},
      stop,
      ...(await details({ members, source })),
    };
  } catch (failure) {
    await stop();
    throw failure;
  }
}

/** Where the members have plain ports as well, the source speaks plainly: it sends keys as it is spoken to. */
async function startSource(
  options: Omit<ServersOptions, 'count'>,
  started: TestServers[],
): Promise<readonly [TestServer]> {
  const { customBusPorts: _, tls, ...same } = options;
  const certificates = started[0]?.certificates ?? null;
  const servers = await startServers({
    ...same,
    ...(tls === undefined || tls.plainPorts ? {} : { tls: { ...tls, certificates } }),
    count: 1,
    settings: { ...options.settings, 'cluster-enabled': 'no' },
  });
  started.push(servers);
  return servers.nodes as unknown as readonly [TestServer];
}
