/**
 * Which port of the target does MIGRATE have to name?
 *
 * The source connects with TLS where it has `tls-cluster yes`, and plainly otherwise, however it was asked. CLUSTER NODES
 * tells the ports that suit whoever asks. Where both ports are open the two may differ, and MIGRATE would speak TLS to a
 * plain port, which ends in IOERR after its whole time. Seen in Redis 7.0.15 and Valkey 9.1.2.
 */
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { argv } from '../wire/argv.ts';
import { type NodePorts, parseShardPorts } from '../wire/cluster-shards.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Reply } from './cluster.ts';
import type { Connections } from './connections.ts';

/** What is found out is remembered for as long as the object is. */
export class MigrateTargets {
  readonly #connections: Connections;
  readonly #isTls: boolean;
  readonly #bySource = new Map<string, Promise<PortChoice | null>>();

  /** `isTls`: do these connections speak TLS? */
  constructor(connections: Connections, isTls: boolean) {
    this.#connections = connections;
    this.#isTls = isTls;
  }

  /**
   * `target` with the port that `source` has to connect to; as it is where the source does not tell, for want of the
   * right to ask or because it is too old. Throws UNREACHABLE or LOGIN.
   */
  async reachedFrom(source: Address, target: Address): Promise<Address> {
    const key = formatAddress(source);
    const asking = this.#bySource.get(key) ?? this.#ask(source);
    this.#bySource.set(key, asking);
    asking.catch(() => this.#bySource.delete(key));
    const choice = await asking;
    if (choice === null) return target;
    const known = choice.nodes.find(
      ({ host, plain, tls }) => host === target.host && (plain === target.port || tls === target.port),
    );
    const port = choice.isTls ? known?.tls : known?.plain;
    return port ? { ...target, port } : target;
  }

  /** Null where the ports of CLUSTER NODES are the right ones. */
  async #ask(source: Address): Promise<PortChoice | null> {
    const [setting] = await this.#connections.callMany(source, [argv.configGet('tls-cluster')]);
    const value = Array.isArray(setting) ? String(setting[1]) : null;
    const isTls = value === 'yes';
    if ((value !== 'yes' && value !== 'no') || isTls === this.#isTls) return null;
    const [shards] = await this.#connections.callMany(source, [argv.clusterShards()]);
    return { isTls, nodes: isReply(shards) ? parseShardPorts(shards) : [] };
  }
}

interface PortChoice {
  readonly isTls: boolean;
  readonly nodes: readonly NodePorts[];
}

function isReply(reply: Reply | ReplyError | undefined): reply is Reply {
  return reply !== undefined && !(reply instanceof ReplyError);
}
