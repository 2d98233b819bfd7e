import { Flags } from '@oclif/core';
import { createCluster } from '../../lib/apply/create.ts';
import { waitUntilHealthy } from '../../lib/apply/observe-steady.ts';
import { checkTopology } from '../../lib/check/rules.ts';
import { OpsError, type OpsErrorCode } from '../../lib/errors.ts';
import { findServer } from '../../lib/local/server-binary.ts';
import { LOCAL_DEFAULTS, startLocalCluster } from '../../lib/local/start-cluster.ts';
import type { LocalState } from '../../lib/local/state.ts';
import { stopLocalCluster } from '../../lib/local/stop-cluster.ts';
import type { ReachedNode } from '../../lib/model/topology.ts';
import { reachedNodes } from '../../lib/model/topology.ts';
import { planCreate } from '../../lib/plan/create.ts';
import type { Session } from '../../lib/terminal/base-command.ts';
import { ClusterCommand } from '../../lib/terminal/base-command.ts';
import { parseSeconds } from '../../lib/terminal/connection.ts';
import { localDirectory } from '../../lib/terminal/directories.ts';
import { dirFlag } from '../../lib/terminal/flags.ts';
import { renderCheckJson } from '../../lib/view/check.ts';
import { infoLines } from '../../lib/view/classic.ts';

export default class LocalUp extends ClusterCommand {
  static override summary = 'Start servers on this machine and make them a cluster.';
  static override description =
    `The servers are real ones, of redis-server or valkey-server, and listen on loopback only. A cluster that was
stopped with \`local down --keep\` comes back with its data.`;
  static override examples = [
    '<%= config.bin %> local up',
    '<%= config.bin %> local up --nodes 3 --replicas 0 --port 7100 --server /usr/bin/valkey-server',
  ];
  static override usage = 'local up [FLAGS]';
  static override flags = {
    nodes: Flags.integer({ description: `how many servers (default ${LOCAL_DEFAULTS.count})`, min: 1 }),
    replicas: Flags.integer({ description: `replicas for each primary (default ${LOCAL_DEFAULTS.replicas})`, min: 0 }),
    port: Flags.integer({ description: `port of the first server (default ${LOCAL_DEFAULTS.port})`, min: 1 }),
    server: Flags.string({
      description: 'the server to run (default: redis-server or valkey-server on PATH)',
      helpValue: 'PATH',
    }),
    ...dirFlag,
    'wait-timeout': Flags.string({ description: 'how long each wait may take', default: '60', helpValue: 'SECONDS' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(LocalUp);
    const waitTimeoutMs = parseSeconds(flags['wait-timeout'], '--wait-timeout');
    const dir = localDirectory(flags.dir, process.env);
    const binary = findServer(flags.server, process.env);
    const signal = this.interruption();
    const { state, started } = await startLocalCluster({
      dir,
      binary,
      count: flags.nodes,
      replicas: flags.replicas,
      port: flags.port,
      signal,
    });
    const addresses = state.nodes.map(({ port }) => `${state.host}:${port}`);
    return this.withSession(flags, addresses, async (session) => {
      const bound = { timeoutMs: waitTimeoutMs, signal };
      await this.formIfEmpty(session, state, dir, bound);
      const topology = await waitUntilHealthy(session.cluster, session.seeds, bound, session.progress.emit).catch(
        advise,
      );
      for (const line of infoLines(topology, session.style)) this.print(line);
      this.print(
        `[OK] ${started.length === 0 ? 'The local cluster is up already' : 'The local cluster serves'}: ${addresses[0]} and ${addresses.length - 1} more. Data in ${dir}`,
      );
      return { version: 1, dir, started, check: renderCheckJson(topology, checkTopology(topology)) };
    });
  }

  /** Makes a cluster of servers that know nothing yet; when that fails, none of them is left running. */
  private async formIfEmpty(
    { cluster, seeds, progress }: Session,
    state: LocalState,
    dir: string,
    { timeoutMs: waitTimeoutMs, signal }: Bound,
  ): Promise<void> {
    const topology = await cluster.observeEach(seeds);
    if (!reachedNodes(topology).every(isAlone)) return;
    try {
      const planned = planCreate(topology, { replicas: state.replicas, zones: new Map() });
      const plan = this.acceptable(planned);
      const journal = this.openJournal();
      await createCluster(plan, topology, {
        cluster,
        journal,
        emit: progress.emit,
        signal,
        waitTimeoutMs,
        level: 'agree',
      });
    } catch (failure) {
      await stopLocalCluster(dir, { keep: false });
      throw failure;
    }
  }
}

interface Bound {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const ADVICE: { readonly [Code in OpsErrorCode]?: string } = {
  TIMEOUT: 'Start afresh with `cluster local down`, then `cluster local up`.',
  INTERRUPTED: 'The servers run. Stop them with `cluster local down`, or wait for them with `cluster local up`.',
};

/** What is left of a start that was killed does not heal by waiting. */
function advise(cause: unknown): never {
  if (!(cause instanceof OpsError) || !(cause.code in ADVICE)) throw cause;
  throw new OpsError(cause.code, cause.message, { suggestions: [ADVICE[cause.code] ?? ''], cause });
}

/** A lone node with all slots is a cluster of one; a lone node without any is not yet one. */
function isAlone({ entry, reach }: ReachedNode): boolean {
  return reach.view.entries.length === 1 && entry.slots.length === 0;
}
