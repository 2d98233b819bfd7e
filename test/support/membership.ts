/** Who is a member, in everybody's eyes: for tests of adding and removing nodes. */
import { expect } from 'vitest';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { type FormedCluster, formCluster } from './formed-cluster.ts';
import { askEach } from './node-states.ts';
import { startServers, type TestServer } from './servers.ts';

export interface Sizes {
  readonly shards: number;
  readonly replicas?: number;
  /** Servers that are no members yet. */
  readonly fresh?: number;
  readonly hosts?: readonly string[];
  readonly flavor?: string;
}

/** Runs `work` with a cluster that serves and with fresh servers; all of them end with it. */
export async function withMembers(
  { fresh = 0, ...options }: Sizes,
  work: (formed: FormedCluster, fresh: readonly TestServer[]) => Promise<void>,
): Promise<void> {
  const { shards: _, replicas: __, ...rest } = options;
  const servers = fresh === 0 ? null : await startServers({ ...rest, count: fresh });
  try {
    const formed = await formCluster(options);
    try {
      await work(formed, servers?.nodes ?? []);
    } finally {
      await formed.stop();
    }
  } finally {
    await servers?.stop();
  }
}

export async function idOf(server: TestServer): Promise<string> {
  const [[id] = []] = await askEach([server], [['CLUSTER', 'MYID']]);
  return String(id);
}

/** At this moment, every one of them lists exactly these, and none as failed, in handshake or without address. */
export async function expectMembers(servers: readonly TestServer[]): Promise<void> {
  const ids = await Promise.all(servers.map(idOf));
  for (const [index, view] of (await viewsOf(servers)).entries()) {
    const listed = view.map(({ id, flags }) => `${id} ${flags.filter((flag) => /fail|hand|noaddr/.test(flag)).join()}`);
    expect({ of: servers[index]?.address, listed: listed.sort() }).toEqual({
      of: servers[index]?.address,
      listed: ids.map((id) => `${id} `).sort(),
    });
  }
}

/** The CLUSTER NODES of each. */
export async function viewsOf(
  servers: readonly TestServer[],
): Promise<readonly ReturnType<typeof parseClusterNodes>[]> {
  const replies = await askEach(servers, [['CLUSTER', 'NODES']]);
  return replies.map(([reply]) => parseClusterNodes(String(reply)));
}

/** `host:port` of the primary that the server's own INFO names, with the state of the link; null for a primary. */
export async function followed(server: TestServer): Promise<string | null> {
  const [[info] = []] = await askEach([server], [['INFO', 'replication']]);
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(String(info))?.[1] ?? '';
  return field('role') === 'slave'
    ? `${field('master_host')}:${field('master_port')} ${field('master_link_status')}`
    : null;
}
