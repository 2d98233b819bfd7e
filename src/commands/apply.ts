import { refuseStale } from '../lib/apply/run-moves.ts';
import { OpsError } from '../lib/errors.ts';
import type { Topology } from '../lib/model/topology.ts';
import { refuseUnhealthy } from '../lib/plan/move-refusals.ts';
import type { Plan } from '../lib/plan/plan.ts';
import type { FixRequest } from '../lib/plan/request.ts';
import { parseSeconds } from '../lib/terminal/connection.ts';
import { makeCluster } from '../lib/terminal/creation.ts';
import { digestOf, FixCommand, type PlannedFix } from '../lib/terminal/fix-command.ts';
import { fixFlags } from '../lib/terminal/fix-flags.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import type { MoveCommandFlags } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { readPlan } from '../lib/terminal/plan-file.ts';
import { addressesOf } from '../lib/terminal/runs.ts';
import { refuseOtherPlan, stalePlan } from '../lib/terminal/stale-plan.ts';
import { renderPlan } from '../lib/view/plan.ts';

const QUESTION = 'Do you want to apply this plan?';

export default class Apply extends FixCommand {
  static override summary = 'Do exactly what a saved plan says.';
  static override description =
    `A plan is saved with --plan-out by the command that made it. It is refused, with the difference, when the cluster is
not what the plan was made from any more, or when the same command would plan something else now. The file says what was
reviewed: it is refused when it was changed.

What the command would have asked about is asked about here. Plans of import, restore, resume and undo are for reading:
these commands are typed.`;
  static override examples = [
    '<%= config.bin %> apply plan.json',
    '<%= config.bin %> apply plan.json 127.0.0.1:7000 --yes',
  ];
  static override usage = 'apply FILE [HOST:PORT...] [FLAGS]';
  static override strict = false;
  static override flags = {
    'accept-data-loss': fixFlags['accept-data-loss'],
    'on-conflict': fixFlags['on-conflict'],
    'search-multiple-owners': fixFlags['search-multiple-owners'],
    ...moveFlags,
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Apply);
    const [file, ...words] = argv as string[];
    if (file === undefined)
      throw new OpsError('USAGE', 'Name the file of the plan.', { suggestions: ['cluster apply FILE'] });
    const { plan, request } = readPlan(file);
    // With --json the plan is consent: it has been seen.
    const consenting = { ...flags, yes: flags.yes || this.jsonEnabled() };
    if (request.kind === 'create') return this.create(plan, consenting);
    const planned = 'seed' in request ? [request.seed] : addressesOf(plan);
    return this.withRun(
      flags,
      words.length > 0 ? words : planned,
      async (session, topology, journal) => {
        switch (request.kind) {
          case 'add':
          case 'remove': {
            const planning = { journal, force: flags.force, saved: plan };
            const change = await this.planChange(session, topology, request, planning);
            return this.carryOutChange(session, journal, change, consenting);
          }
          case 'fix': {
            refuseStale(plan, topology);
            const fix = await this.planFixing(session, topology, request.options);
            refuseOtherFix(plan, request, fix);
            return this.carryOutFix(session, topology, journal, fix, consenting);
          }
          default:
            refuseStale(plan, topology);
            this.refuseIll(topology);
            return this.carryOut(session, topology, journal, plan, consenting, QUESTION);
        }
      },
      // Slots that are open, or on their way inside the servers, are what a fix is about.
      request.kind === 'fix' ? { takesOver: 'anybody', servers: 'leave' } : {},
    );
  }

  /** As `reshard` and `rebalance`. */
  private refuseIll(topology: Topology): void {
    const refusals = refuseUnhealthy(topology, 'resharding');
    if (refusals.length > 0) this.acceptable({ ok: false, refusals });
  }

  /** As `create` does it. */
  private create(plan: Plan, flags: MoveCommandFlags): Promise<object> {
    return this.withSession(flags, addressesOf(plan), async (session) => {
      const { cluster, seeds, progress, style } = session;
      const topology = await progress.during('Asking every node', () => cluster.observeEach(seeds));
      refuseStale(plan, topology);
      this.savePlan(plan, flags, { kind: 'create' });
      this.print(renderPlan(plan, topology, { ...style, zones: new Map() }));
      if (flags['dry-run']) return { version: 1, outcome: 'planned', run: null, plan, durationMs: null };
      await this.consent(QUESTION, flags);
      const execution = {
        journal: this.openJournal(),
        signal: this.interruption(),
        waitTimeoutMs: parseSeconds(flags['wait-timeout'], '--wait-timeout'),
        level: 'ready',
      } as const;
      return makeCluster(session, plan, topology, execution, (text) => this.print(text));
    });
  }
}

/** Throws REFUSED also where other keys than before are on several nodes: which of their values stays is to be consented to. */
function refuseOtherFix(plan: Plan, { sharedKeys }: FixRequest, again: PlannedFix): void {
  refuseOtherPlan(plan, again.plan);
  if (digestOf(again.shared) === sharedKeys) return;
  const count = again.shared.length;
  throw stalePlan([`Other keys than before are on more than one node: it is ${count} now.`]);
}
