import { Flags } from '@oclif/core';
import { createCluster } from '../lib/apply/create.ts';
import type { Run } from '../lib/apply/journal.ts';
import { readRuns } from '../lib/apply/journal.ts';
import { resetLeftovers, touchedBy, unfinishedRuns } from '../lib/apply/leftovers.ts';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { checkTopology } from '../lib/check/rules.ts';
import { OpsError } from '../lib/errors.ts';
import { isRunning } from '../lib/local/process-identity.ts';
import { formatAddress } from '../lib/model/address.ts';
import type { Topology } from '../lib/model/topology.ts';
import type { CreateOptions } from '../lib/plan/create.ts';
import { planCreate } from '../lib/plan/create.ts';
import type { Plan } from '../lib/plan/plan.ts';
import { planReset } from '../lib/plan/reset.ts';
import { simulatePlan } from '../lib/plan/simulate.ts';
import type { Session } from '../lib/terminal/base-command.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { parseSeconds } from '../lib/terminal/connection.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { connectionFlags, consentFlags, waitFlags } from '../lib/terminal/flags.ts';
import { parseZones, readLayout } from '../lib/terminal/placement-input.ts';
import { renderCheck, renderCheckJson } from '../lib/view/check.ts';
import { renderPlan } from '../lib/view/plan.ts';

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
    zone: Flags.string({
      description: 'where a host is, so that the nodes of a shard are in different zones',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'HOST=ZONE',
    }),
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
    const words =
      layout?.flatMap(({ primary, replicas }) => [primary, ...replicas].map(formatAddress)) ?? (argv as string[]);
    return this.withSession(flags, words, async (session) => {
      const { cluster, seeds: addresses, progress, style } = session;
      const observe = (): Promise<Topology> =>
        progress.during('Asking every node', () => cluster.observeEach(addresses));
      const topology = await observe();
      const leftovers = this.findLeftovers(topology);
      const cleared = leftovers === null ? topology : (simulatePlan(topology, leftovers.plan).at(-1) ?? topology);
      const plan = this.acceptable(planCreate(cleared, options), flags);
      this.print(renderPlan(plan, cleared, { ...style, zones: options.zones }));
      if (flags['dry-run']) return { version: 1, outcome: 'planned', plan };
      await this.consent('Can I set the above configuration?', flags);
      const executor = {
        cluster,
        journal: this.openJournal(),
        emit: progress.emit,
        signal: this.interruption(),
        waitTimeoutMs,
      };
      if (leftovers === null) {
        await createCluster(plan, topology, { ...executor, level: flags.wait });
      } else {
        await resetLeftovers(leftovers.plan, topology, leftovers.runs, journalDirectory(process.env), executor);
        const empty = await observe();
        await createCluster(this.acceptable(planCreate(empty, options), flags), empty, {
          ...executor,
          level: flags.wait,
        });
      }
      return this.report(session, plan);
    });
  }

  /** What a killed creation left on these nodes, with the plan to clear it away; null where there is nothing. */
  private findLeftovers(topology: Topology): { readonly runs: readonly Run[]; readonly plan: Plan } | null {
    const runs = unfinishedRuns(readRuns(journalDirectory(process.env)), topology);
    const alive = runs.find(({ process: owner }) => isRunning(owner));
    if (alive) {
      throw new OpsError(
        'REFUSED',
        `Another creation is at work on these nodes: process ${alive.process.pid}, run ${alive.run}.`,
      );
    }
    if (runs.length === 0) return null;
    const ids = new Set(runs.flatMap(touchedBy));
    const touched = topology.nodes.filter(({ id }) => ids.has(id));
    const planned = planReset(
      topology,
      new Set(touched.map(({ id }) => id)),
      'clear away what an interrupted creation left behind',
    );
    if (!planned.ok) return null;
    const names = touched.map(({ address }) => formatAddress(address)).join(', ');
    this.print(
      `[WARNING] An earlier creation was interrupted (run ${runs[0]?.run}). These nodes hold no keys and are reset first: ${names}`,
    );
    return { runs, plan: planned.plan };
  }

  private async report({ cluster, seeds, progress, style }: Session, plan: Plan): Promise<object> {
    const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds.slice(0, 1)));
    const findings = checkTopology(topology);
    this.print(
      renderCheck(topology, findings, { seed: formatAddress(topology.seed), multipleOwners: 'not-searched', style }),
    );
    return { version: 1, outcome: 'done', plan, check: renderCheckJson(topology, findings) };
  }
}
