import { isDeepStrictEqual } from 'node:util';
import { cancelMigrations } from '../lib/apply/cancel-migrations.ts';
import type { Journal } from '../lib/apply/journal.ts';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { runFix } from '../lib/apply/run-fix.ts';
import { runningMigrations, slotsOf, untilServersAreDone } from '../lib/apply/server-migrations.ts';
import { checkMultipleOwners } from '../lib/check/multiple-owners.ts';
import { checkTopology } from '../lib/check/rules.ts';
import { OpsError } from '../lib/errors.ts';
import { formatAddress } from '../lib/model/address.ts';
import { countSlots, slotSetOf, unionSlots } from '../lib/model/slot-set.ts';
import type { Topology } from '../lib/model/topology.ts';
import { DATA_LOSS, type FixPlanned, planFix } from '../lib/plan/fix.ts';
import type { Plan } from '../lib/plan/plan.ts';
import { suspectSlots } from '../lib/plan/slot-facts.ts';
import { keysInForeignSlots } from '../lib/redis/keys-in-slots.ts';
import { readSlotEvidence } from '../lib/redis/slot-evidence.ts';
import { Aside } from '../lib/terminal/aside.ts';
import type { Session } from '../lib/terminal/base-command.ts';
import { openDesk, type TerminalDesk } from '../lib/terminal/conflict-desk.ts';
import { parseSeconds } from '../lib/terminal/connection.ts';
import { asideDirectory, journalDirectory } from '../lib/terminal/directories.ts';
import { EXIT } from '../lib/terminal/exit-codes.ts';
import { type FixDocument, type FixFlagValues, fixFlags } from '../lib/terminal/fix-flags.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
import { readMoveSettings } from '../lib/terminal/move-flags.ts';
import { intentsOf } from '../lib/terminal/runs.ts';
import { renderCheck } from '../lib/view/check.ts';
import { renderFixPlan, renderLeft } from '../lib/view/fix-plan.ts';
import { formatDuration } from '../lib/view/units.ts';

export default class Fix extends MoveCommand {
  static override summary = 'Close open slots, cover uncovered ones, settle double owners.';
  static override description =
    `Shows for each slot what will be done and why, asks, and makes every slot whole: one owner, all its keys there, no marks.
What an interrupted run of this machine was moving goes to its end; otherwise what the nodes show decides. A value is
never put in the place of a different one: where two nodes have a key with different values, --on-conflict says whose
stays, and the other is kept in a file.

Exit codes: 0 done or nothing to do, 1 a slot was left open, 4 refused and nothing changed, 5 stopped part-way.`;
  static override examples = [
    '<%= config.bin %> fix 127.0.0.1:7000 --dry-run',
    '<%= config.bin %> fix 127.0.0.1:7000 --yes',
    '<%= config.bin %> fix 127.0.0.1:7000 --yes --with-unreachable-primaries --accept-data-loss',
  ];
  static override usage = 'fix HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = { ...fixFlags, ...consentFlags, ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Fix);
    this.requireSomeoneToAsk(flags);
    const servers = flags['on-migration'] === 'wait' ? 'wait' : 'leave';
    const moving = { ...flags, 'keep-primary': false };
    return this.withRun(
      moving,
      argv as string[],
      async (session, seen, journal) => {
        const topology = await this.cancelled(session, seen, flags);
        const planned = await this.planned(session, topology, flags);
        this.savePlan(planned.plan, flags);
        this.print(renderFixPlan(planned, session.style));
        if (planned.plan.steps.length === 0) return untouched(planned, 'nothing-to-do');
        if (flags['dry-run']) return untouched(planned, 'planned');
        this.requireAcceptance(planned.plan, flags);
        await this.consent('Do you want this to be done?', flags);
        return this.fix(session, topology, journal, planned, moving);
      },
      { takesOver: 'anybody', servers },
    );
  }

  private async planned(
    { cluster, progress }: Session,
    topology: Topology,
    flags: FixFlagValues,
  ): Promise<Extract<FixPlanned, { ok: true }>> {
    const evidence = await progress.during('Looking for keys', () =>
      readSlotEvidence(cluster, topology, suspectSlots(topology)),
    );
    const running = runningMigrations(topology);
    const planned = planFix(topology, evidence, {
      intents: intentsOf(journalDirectory(process.env)),
      coverTo: flags['cover-to'] ?? null,
      withUnreachable: flags['with-unreachable-primaries'],
      busy: {
        slots: unionSlots(...running.map(slotsOf)),
        nodes: running.flatMap(({ sourceId, targetId }) => [sourceId, targetId].filter((id) => id !== null)),
      },
    });
    this.acceptable(planned);
    return planned as Extract<FixPlanned, { ok: true }>;
  }

  /** `--on-migration cancel`: the topology once no server moves slots any more. */
  private async cancelled(session: Session, topology: Topology, flags: FixFlagValues): Promise<Topology> {
    const running = runningMigrations(topology);
    if (flags['on-migration'] !== 'cancel' || flags['dry-run'] || running.length === 0) return topology;
    await this.consent('Do you want to cancel what the servers are moving?', flags);
    const { cluster, seeds, progress } = session;
    await cancelMigrations(cluster, topology, running);
    return untilServersAreDone(await observeSteady(cluster, seeds), {
      cluster,
      seeds,
      emit: progress.emit,
      signal: this.interruption(),
    });
  }

  private requireAcceptance({ hazards }: Plan, flags: FixFlagValues): void {
    if (flags['accept-data-loss'] || !hazards.some(({ name }) => name === DATA_LOSS)) return;
    throw new OpsError('REFUSED', 'Keys may be lost, so nothing was changed.', {
      suggestions: ['Add --accept-data-loss to consent to that.'],
    });
  }

  private async fix(
    session: Session,
    topology: Topology,
    journal: Journal,
    planned: Extract<FixPlanned, { ok: true }>,
    flags: FixFlagValues & Parameters<typeof readMoveSettings>[0],
  ): Promise<FixDocument> {
    const aside = new Aside(asideDirectory(process.env), journal.run);
    const policy = flags.replace ? 'source' : flags['on-conflict'];
    const desk = openDesk(policy === 'ask' && this.jsonEnabled() ? 'skip' : policy, aside, () =>
      session.progress.stop(),
    );
    const begun = performance.now();
    const after = await this.asPlannedNow(session, topology, planned, flags, (plan, now) =>
      runFix(plan, now, {
        cluster: session.cluster,
        journal,
        emit: session.progress.emit,
        signal: this.interruption(),
        waitTimeoutMs: parseSeconds(flags['wait-timeout'], '--wait-timeout'),
        move: { ...readMoveSettings({ ...flags, replace: false }, BYTES_PER_KEY_ASSUMED), strayMarks: 'leave' },
        conflicts: desk,
      }),
    ).finally(() => this.tellOfAside(aside));
    session.progress.stop();
    const durationMs = performance.now() - begun;
    await this.report(session, after, flags);
    this.conclude(planned, desk, formatAddress(topology.seed), durationMs, journal.run, session);
    return {
      ...untouched(planned, desk.left.size === 0 ? 'done' : 'left'),
      run: journal.run,
      conflicts: desk.decided,
      aside: aside.count === 0 ? null : aside.file,
      durationMs,
    };
  }

  /**
   * Right after a failover, news may still spread while the operator looks at the plan. Where the same steps come of what
   * is there now, they are what was consented to.
   */
  private async asPlannedNow(
    session: Session,
    topology: Topology,
    shown: Extract<FixPlanned, { ok: true }>,
    flags: FixFlagValues,
    apply: (plan: Plan, topology: Topology) => Promise<Topology>,
  ): Promise<Topology> {
    let [plan, now] = [shown.plan, topology];
    for (let attempt = 1; ; attempt++) {
      try {
        return await apply(plan, now);
      } catch (failure) {
        const isStale = failure instanceof OpsError && failure.code === 'REFUSED';
        if (!isStale || attempt >= STALE_ATTEMPTS_MAX) throw failure;
        now = await observeSteady(session.cluster, session.seeds);
        plan = (await this.planned(session, now, flags)).plan;
        if (!isDeepStrictEqual(plan.steps, shown.plan.steps)) throw failure;
      }
    }
  }

  /** The lines of a check, which scripts look for at the end. */
  private async report({ cluster, style }: Session, after: Topology, flags: FixFlagValues): Promise<void> {
    const searched = flags['search-multiple-owners'];
    const foreign = searched ? checkMultipleOwners(after, await keysInForeignSlots(cluster, after)) : [];
    const multipleOwners = searched ? 'searched' : 'not-searched';
    const findings = [...checkTopology(after), ...foreign];
    this.print(renderCheck(after, findings, { seed: formatAddress(after.seed), multipleOwners, style }));
  }

  private conclude(
    { repairs }: Extract<FixPlanned, { ok: true }>,
    { left, decided }: TerminalDesk,
    seed: string,
    durationMs: number,
    run: string,
    { style }: Session,
  ): void {
    const total = repairs.reduce((sum, { slots }) => sum + countSlots(slots), 0);
    const fixed = total - left.size;
    if (fixed > 0) this.print(`[OK] ${fixed} of ${total} slots fixed in ${formatDuration(durationMs)}. Run ${run}.`);
    if (left.size === 0) return;
    const skipped = decided.filter(({ verdict }) => verdict === 'skip').length;
    this.print(renderLeft(slotSetOf(left), skipped, seed, style));
    this.setExitCode(fixed > 0 ? EXIT.partial : EXIT.failed);
  }

  private tellOfAside({ count, file }: Aside): void {
    if (count === 0) return;
    process.stderr.write(`${count} ${count === 1 ? 'value' : 'values'} that did not stay: kept in ${file}\n`);
  }
}

function untouched(
  { plan, repairs, shared }: Extract<FixPlanned, { ok: true }>,
  outcome: FixDocument['outcome'],
): FixDocument {
  return { version: 1, outcome, run: null, plan, repairs, shared, conflicts: [], aside: null, durationMs: null };
}

/** News of a failover takes some seconds at most; each attempt waits for what may be under way. */
const STALE_ATTEMPTS_MAX = 4;

/** Turns a rate of bytes into one of keys: a fix measures nothing beforehand. */
const BYTES_PER_KEY_ASSUMED = 100;
