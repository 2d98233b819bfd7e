import { Flags } from '@oclif/core';
import type { ExecutorOptions } from '../lib/apply/executor.ts';
import { readRuns } from '../lib/apply/journal.ts';
import type { Leftovers } from '../lib/apply/leftovers.ts';
import { findLeftovers, resetLeftovers } from '../lib/apply/leftovers.ts';
import { OpsError } from '../lib/errors.ts';
import { isRunning } from '../lib/local/process-identity.ts';
import { formatAddress } from '../lib/model/address.ts';
import type { Topology } from '../lib/model/topology.ts';
import { isReached } from '../lib/model/topology.ts';
import type { CreateOptions } from '../lib/plan/create.ts';
import { planCreate } from '../lib/plan/create.ts';
import type { Plan } from '../lib/plan/plan.ts';
import { planReset } from '../lib/plan/reset.ts';
import { simulateEnd } from '../lib/plan/simulate.ts';
import type { Session } from '../lib/terminal/base-command.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { parseSeconds } from '../lib/terminal/connection.ts';
import { makeCluster } from '../lib/terminal/creation.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { connectionFlags, consentFlags, waitFlags, zoneFlag } from '../lib/terminal/flags.ts';
import { parseZones, readLayout } from '../lib/terminal/placement-input.ts';
import { renderPlan } from '../lib/view/plan.ts';

const CLEARING_ROUNDS_MAX = 3;

export default class Create extends ClusterCommand {
  static override summary = 'Form a cluster from empty nodes.';
  static override description =
    `Shows where slots and replicas will be placed, asks, and returns when the cluster serves: every node says
cluster_state:ok, all have the same view, and every replica is linked to its primary. What fails half-way is undone.

Placement keeps the nodes of a shard on different hosts and zones, and spreads the primaries over both.`;
  static override examples = [
    '<%= config.bin %> create 10.0.0.1:6379 10.0.0.2:6379 10.0.0.3:6379 10.0.1.1:6379 10.0.1.2:6379 10.0.1.3:6379 --replicas 1',
    '<%= config.bin %> create 10.0.0.1:6379 10.0.0.2:6379 10.0.0.3:6379 --zone 10.0.0.1=a --zone 10.0.0.2=b --zone 10.0.0.3=c',
    '<%= config.bin %> create --topology cluster.yaml --yes --json',
  ];
  static override usage = 'create HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = {
    replicas: Flags.integer({
      description: 'replicas for each primary',
      default: 0,
      min: 0,
      aliases: ['cluster-replicas'],
    }),
    zone: zoneFlag(),
    topology: Flags.string({
      description: 'YAML or JSON file that names primary, replicas and slots of each shard',
      exclusive: ['zone'],
      helpValue: 'FILE',
    }),
    ...consentFlags,
    ...waitFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Create);
    this.requireSomeoneToAsk(flags);
    const waitTimeoutMs = parseSeconds(flags['wait-timeout'], '--wait-timeout');
    const layout = flags.topology === undefined ? undefined : await readLayout(flags.topology);
    const options: CreateOptions = {
      replicas: flags.replicas,
      zones: parseZones(flags.zone ?? []),
      ...(layout && { layout }),
    };
    const named = layout?.flatMap(({ primary, replicas }) => [primary, ...replicas].map(formatAddress)) ?? [];
    return this.withSession(flags, argv.length > 0 ? (argv as string[]) : named, async (session) => {
      const topology = await this.observeNamed(session);
      const leftovers = this.leftoversOn(topology);
      if (leftovers !== null) refuseToSave(flags['plan-out']);
      const cleared = leftovers === null ? topology : simulateEnd(topology, leftovers.plan);
      const plan = this.acceptable(planCreate(cleared, options));
      this.savePlan(plan, flags, { kind: 'create' });
      this.print(renderPlan(plan, cleared, { ...session.style, zones: options.zones }));
      const reset = leftovers === null ? {} : { reset: leftovers.plan };
      if (flags['dry-run']) return { version: 1, outcome: 'planned', run: null, ...reset, plan, durationMs: null };
      await this.consent('Can I set the above configuration?', flags);
      const execution = { journal: this.openJournal(), signal: this.interruption(), waitTimeoutMs, level: flags.wait };
      const make = (made: Plan, from: Topology): Promise<object> =>
        makeCluster(session, made, from, execution, (text) => this.print(text));
      if (leftovers === null) return make(plan, topology);
      const { cluster, progress } = session;
      const executor = { ...execution, cluster, emit: progress.emit };
      const empty = await this.clearedAway(session, topology, leftovers, executor);
      // The same plan but for the ids, which a reset renews.
      return { ...(await make(this.acceptable(planCreate(empty, options)), empty)), ...reset };
    });
  }

  /** Every node that was named. Throws UNREACHABLE or LOGIN where none of them lets us in: nothing is known then. */
  private async observeNamed({ cluster, seeds, progress }: Session): Promise<Topology> {
    const topology = await progress.during('Asking every node', () => cluster.observeEach(seeds));
    if (topology.nodes.some(isReached)) return topology;
    await cluster.observe(seeds).catch((cause: unknown) => {
      if (!(cause instanceof OpsError) || cause.code === 'UNREACHABLE' || cause.code === 'LOGIN') throw cause;
    });
    return topology;
  }

  /**
   * The nodes once nothing is left on them. One that goes on only now may meet others in between, which are reset with it
   * then.
   */
  private async clearedAway(
    session: Session,
    topology: Topology,
    { runs, plan: first }: Leftovers & { readonly plan: Plan },
    executor: ExecutorOptions,
  ): Promise<Topology> {
    let [now, plan] = [topology, first];
    for (let round = 1; ; round++) {
      await resetLeftovers(plan, now, runs, journalDirectory(process.env), executor);
      now = await this.observeNamed(session);
      const ids = new Set(findLeftovers(runs, now).nodes.map(({ id }) => id));
      if (ids.size === 0 || round === CLEARING_ROUNDS_MAX) return now;
      plan = this.acceptable(planReset(now, ids, first.intention));
    }
  }

  /** What a killed creation left on these nodes, with the plan to clear it away; null where there is nothing. */
  private leftoversOn(topology: Topology): (Leftovers & { readonly plan: Plan }) | null {
    const leftovers = findLeftovers(readRuns(journalDirectory(process.env)), topology);
    const [newest] = leftovers.runs;
    if (newest === undefined) return null;
    const alive = leftovers.runs.find(({ process: owner }) => isRunning(owner));
    if (alive) {
      throw new OpsError(
        'REFUSED',
        `Another creation is at work on these nodes: process ${alive.process.pid}, run ${alive.run}.`,
        { suggestions: ['Type the command again when it has ended.'] },
      );
    }
    const ids = new Set(leftovers.nodes.map(({ id }) => id));
    const planned = planReset(topology, ids, 'clear away what an interrupted creation left behind');
    if (!planned.ok) return null;
    const names = leftovers.nodes.map(({ address }) => formatAddress(address)).join(', ');
    this.print(
      `[WARNING] An earlier creation was interrupted (run ${newest.run}). These nodes hold no keys and are reset first: ${names}`,
    );
    for (const { message } of planned.plan.hazards) this.print(`[WARNING] ${message}`);
    return { ...leftovers, plan: planned.plan };
  }
}

/** Throws REFUSED where the plan is to be saved: it names nodes by ids that they have only after their reset. */
function refuseToSave(file: string | undefined): void {
  if (file === undefined) return;
  throw new OpsError('REFUSED', 'No plan can be saved for these nodes: their reset gives them other ids.', {
    suggestions: ['Type the command without --plan-out: it clears away what is left, and makes the cluster.'],
  });
}
