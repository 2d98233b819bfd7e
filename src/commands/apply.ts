import { createCluster } from '../lib/apply/create.ts';
import { refuseStale } from '../lib/apply/run-moves.ts';
import { AssertionFailure } from '../lib/assert.ts';
import { OpsError } from '../lib/errors.ts';
import type { Topology } from '../lib/model/topology.ts';
import type { Plan } from '../lib/plan/plan.ts';
import { simulateEnd } from '../lib/plan/simulate.ts';
import { parseSeconds } from '../lib/terminal/connection.ts';
import { reportCreation } from '../lib/terminal/creation.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand, type MoveCommandFlags } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { readPlan } from '../lib/terminal/plan-file.ts';
import { addressesOf } from '../lib/terminal/runs.ts';
import { renderPlan } from '../lib/view/plan.ts';

const QUESTION = 'Do you want to apply this plan?';

export default class Apply extends MoveCommand {
  static override summary = 'Do exactly what a saved plan says.';
  static override description =
    `A plan is saved with --plan-out by the command that made it. It is refused, with the difference, when the cluster is
not what the plan was made from any more. Plans that move slots and plans that make a cluster can be applied; the other
commands plan from what is there, and are typed again.`;
  static override examples = [
    '<%= config.bin %> apply plan.json',
    '<%= config.bin %> apply plan.json 127.0.0.1:7000 --yes',
  ];
  static override usage = 'apply FILE [HOST:PORT...] [FLAGS]';
  static override strict = false;
  static override flags = { ...moveFlags, ...consentFlags, ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Apply);
    const [file, ...words] = argv as string[];
    if (file === undefined)
      throw new OpsError('USAGE', 'Name the file of the plan.', { suggestions: ['cluster apply FILE'] });
    const plan = readPlan(file);
    const seeds = words.length > 0 ? words : addressesOf(plan);
    const consenting = { ...flags, yes: flags.yes || this.jsonEnabled() };
    if (plan.steps.some(({ kind }) => kind === 'join')) return this.create(plan, consenting);
    return this.withRun(flags, seeds, async (session, topology, journal) => {
      refuseStale(plan, topology);
      return this.carryOut(session, topology, journal, plan, consenting, QUESTION);
    });
  }

  /** As `create` does it. */
  private create(plan: Plan, flags: MoveCommandFlags): Promise<object> {
    return this.withSession(flags, addressesOf(plan), async (session) => {
      const { cluster, seeds, progress, style } = session;
      const topology = await progress.during('Asking every node', () => cluster.observeEach(seeds));
      refuseStale(plan, topology);
      refuseImpossible(plan, topology);
      this.print(renderPlan(plan, topology, { ...style, zones: new Map() }));
      if (flags['dry-run']) return { version: 1, outcome: 'planned', plan };
      await this.consent(QUESTION, flags);
      await createCluster(plan, topology, {
        cluster,
        journal: this.openJournal(),
        emit: progress.emit,
        signal: this.interruption(),
        waitTimeoutMs: parseSeconds(flags['wait-timeout'], '--wait-timeout'),
        level: 'ready',
      });
      return { version: 1, outcome: 'done', plan, check: await reportCreation(session, (text) => this.print(text)) };
    });
  }
}

/** A file may have been changed by hand. Throws USAGE with what cannot be. */
function refuseImpossible(plan: Plan, topology: Topology): void {
  try {
    simulateEnd(topology, plan);
  } catch (cause) {
    if (!(cause instanceof AssertionFailure)) throw cause;
    throw new OpsError('USAGE', `The plan cannot be carried out: it is not true that ${cause.message}.`, { cause });
  }
}
