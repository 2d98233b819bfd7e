/** The port's one real implementation: live nodes over TCP or TLS. */
import { connect as connectTcp } from 'node:net';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { trackChanges } from './change-feed.ts';
import type { Argument, Reply, SourceCluster } from './cluster.ts';
import { Connections } from './connections.ts';
import { MigrateTargets } from './migrate-target.ts';
import { observe, observeEach } from './observe.ts';
import type { ConnectOptions } from './options.ts';
import { openSnapshot } from './snapshot.ts';
import { reasonOf } from './unreachable.ts';

/** Opens nothing yet: connections are made when they are needed. */
export function connect(options: ConnectOptions): SourceCluster {
  const connections = new Connections(options);
  const observer = { connections, options };
  const targets = new MigrateTargets(connections, options.tls !== null);
  return {
    observe: (seeds) => observe(observer, seeds),
    observeEach: (addresses) => observeEach(observer, addresses),
    call: (address, argv) => call(connections, address, argv),
    callMany: (address, commands, callOptions) => connections.callMany(address, commands, callOptions),
    migrate: async (migration) =>
      connections.migrate({ ...migration, target: await targets.reachedFrom(migration.source, migration.target) }),
    openSnapshot: (address, snapshotOptions) => openSnapshot(options, address, snapshotOptions),
    probePort: (host, port) => probePort(host, port, options.timeoutMs),
    trackChanges: (address) => trackChanges(connections, address),
    close: () => connections.close(),
  };
}

async function call(connections: Connections, address: Address, argv: readonly Argument[]): Promise<Reply> {
  const [reply] = await connections.callMany(address, [argv]);
  if (reply instanceof ReplyError) {
    // The first two words name the command; what follows may be a password.
    const command = argv.slice(0, 2).join(' ');
    throw new OpsError('FAILED', `Node ${formatAddress(address)} refused ${command}: ${reply.message}`, {
      cause: reply,
    });
  }
  return reply ?? null;
}

function probePort(host: string, port: number, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const finish = (reason: string | null): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(timeoutMs, () => finish('no answer'));
    socket.once('connect', () => finish(null));
    socket.once('error', (cause) => finish(reasonOf(cause)));
  });
}
