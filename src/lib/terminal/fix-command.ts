/**
 * What is done about slots that are not whole: looking for keys, planning, showing, asking, applying, and the check at the
 * end. It stands on the commands that change members so that `apply` has the ways of all of them.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Journal, readRuns } from '../apply/journal.ts';
import { restoreSettings } from '../apply/keep-primaries.ts';
import { observeSteady } from '../apply/observe-steady.ts';
import { runFix } from '../apply/run-fix.ts';
import { runningMigrations, slotsOf } from '../apply/server-migrations.ts';
import { checkTopology } from '../check/rules.ts';
import { OpsError } from '../errors.ts';
import { isRunning } from '../local/process-identity.ts';
import { formatAddress } from '../model/address.ts';
import type { SharedKey } from '../model/slot-evidence.ts';
import { countSlots, slotSetOf, unionSlots } from '../model/slot-set.ts';
import { findNode, type Topology } from '../model/topology.ts';
import { DATA_LOSS, type FixPlanned, planFix } from '../plan/fix.ts';
import type { Plan } from '../plan/plan.ts';
import { purposeOf } from '../plan/purpose.ts';
import type { FixRequest } from '../plan/request.ts';
import { suspectSlots } from '../plan/slot-facts.ts';
import { readSlotEvidence } from '../redis/slot-evidence.ts';
import { mapByDefault, renderCheck } from '../view/check.ts';
import { renderFixPlan, renderLeft } from '../view/fix-plan.ts';
import { formatDuration } from '../view/units.ts';
import { Aside } from './aside.ts';
import type { Session } from './base-command.ts';
import { openDesk, type TerminalDesk } from './conflict-desk.ts';
import { parseSeconds } from './connection.ts';
import { asideDirectory, journalDirectory } from './directories.ts';
import { EXIT } from './exit-codes.ts';
import type { FixDocument, FixFlagValues } from './fix-flags.ts';
import { MemberCommand } from './member-command.ts';
import { readMoveSettings } from './move-flags.ts';

/** A plan, and what it was asked for: with it the same can be planned again. */
export type PlannedFix = Extract<FixPlanned, { ok: true }> & Pick<FixRequest, 'options'>;

export abstract class FixCommand extends MemberCommand {
  /** Throws REFUSED where nothing may be done. */
  protected async planFixing(
    { cluster, progress }: Session,
    topology: Topology,
    options: FixRequest['options'],
  ): Promise<PlannedFix> {
    const evidence = await progress.during('Looking for keys', () =>
      readSlotEvidence(cluster, topology, suspectSlots(topology)),
    );
    const running = runningMigrations(topology);
    const planned = planFix(topology, evidence, {
      ...options,
      busy: {
        slots: unionSlots(...running.map(slotsOf)),
        nodes: running.flatMap(({ sourceId, targetId }) => [sourceId, targetId].filter((id) => id !== null)),
      },
    });
    this.acceptable(planned);
    return { ...(planned as Extract<FixPlanned, { ok: true }>), options };
  }

  /** From the plan to the end, as `carryOut` for moves. */
  protected async carryOutFix(
    session: Session,
    topology: Topology,
    journal: Journal,
    planned: PlannedFix,
    flags: FixFlagValues,
  ): Promise<FixDocument> {
    this.savePlan(planned.plan, flags, {
      kind: 'fix',
      seed: formatAddress(topology.seed),
      options: planned.options,
      sharedKeys: digestOf(planned.shared),
    });
    // Scripts look for the lines of a check, also where there was nothing to do.
    if (planned.plan.steps.length === 0) await this.report(session, topology, flags);
    this.print(renderFixPlan(planned, session.style));
    if (planned.plan.steps.length === 0) {
      if (!flags['dry-run']) await this.restoreEarlier(session, topology, journal.run);
      return untouched(planned, 'nothing-to-do');
    }
    if (flags['dry-run']) return untouched(planned, 'planned');
    requireAcceptance(planned.plan, flags);
    await this.consent('Do you want this to be done?', flags);
    return this.fix(session, topology, journal, planned, flags);
  }

  private async fix(
    session: Session,
    topology: Topology,
    journal: Journal,
    planned: PlannedFix,
    flags: FixFlagValues,
  ): Promise<FixDocument> {
    const aside = new Aside(asideDirectory(process.env), journal.run);
    const policy = flags.replace ? 'source' : flags['on-conflict'];
    const desk = openDesk(policy === 'ask' && this.jsonEnabled() ? 'skip' : policy, aside, () =>
      session.progress.stop(),
    );
    const settings = readMoveSettings({ ...flags, replace: false, 'keep-primary': false }, BYTES_PER_KEY_ASSUMED);
    const begun = performance.now();
    const after = await this.asPlannedNow(session, topology, planned, (plan, now) =>
      runFix(plan, now, {
        cluster: session.cluster,
        journal,
        emit: session.progress.emit,
        signal: this.interruption(),
        waitTimeoutMs: parseSeconds(flags['wait-timeout'], '--wait-timeout'),
        move: { ...settings, strayMarks: 'leave' },
        conflicts: desk,
      }),
    ).finally(() => tellOfAside(aside));
    await this.restoreEarlier(session, after, journal.run);
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

  /** What earlier fixes of this machine have set at these nodes for as long as they ran, and were killed. */
  private async restoreEarlier({ cluster, progress }: Session, topology: Topology, run: string): Promise<void> {
    for (const earlier of readRuns(journalDirectory(process.env))) {
      const settings = earlier.settings.filter(({ node }) => findNode(topology, node.id) !== undefined);
      if (earlier.run === run || settings.length === 0 || purposeOf(earlier.plan) !== 'fix') continue;
      if (isRunning(earlier.process)) continue;
      const journal = this.continueJournal(earlier.run, earlier.process);
      await restoreSettings(settings, topology, { cluster, emit: progress.emit, journal });
    }
  }

  /**
   * Right after a failover, news may still spread while the operator looks at the plan. Where the same steps come of what
   * is there now, and at no other cost, they are what was consented to.
   */
  private async asPlannedNow(
    session: Session,
    topology: Topology,
    shown: PlannedFix,
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
        plan = (await this.planFixing(session, now, shown.options)).plan;
        const { steps, hazards } = shown.plan;
        if (!isDeepStrictEqual([plan.steps, plan.hazards], [steps, hazards])) throw failure;
      }
    }
  }

  /** The lines of a check. */
  private async report({ cluster, style }: Session, after: Topology, flags: FixFlagValues): Promise<void> {
    const searched = flags['search-multiple-owners'];
    const foreign = searched ? await this.searchMultipleOwners(cluster, after) : [];
    const multipleOwners = searched ? 'searched' : 'not-searched';
    const findings = [...checkTopology(after), ...foreign];
    const map = mapByDefault(style);
    this.print(renderCheck(after, findings, { seed: formatAddress(after.seed), multipleOwners, map, style }));
  }

  private conclude(
    { repairs }: PlannedFix,
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
}

/** The same for the same keys on the same nodes. */
export function digestOf(shared: readonly SharedKey[]): string {
  const names = shared.map(({ slot, database, key, holders }) =>
    [slot, database, key, ...[...holders].sort()].join(' '),
  );
  return createHash('sha256').update(names.sort().join('\n')).digest('hex');
}

function requireAcceptance({ hazards }: Plan, flags: FixFlagValues): void {
  if (flags['accept-data-loss'] || !hazards.some(({ name }) => name === DATA_LOSS)) return;
  throw new OpsError('REFUSED', 'Keys may be lost, so nothing was changed.', {
    suggestions: ['Add --accept-data-loss to consent to that.'],
  });
}

function tellOfAside({ count, file }: Aside): void {
  if (count === 0) return;
  process.stderr.write(`${count} ${count === 1 ? 'value' : 'values'} that did not stay: kept in ${file}\n`);
}

function untouched({ plan, repairs, shared }: PlannedFix, outcome: FixDocument['outcome']): FixDocument {
  return { version: 1, outcome, run: null, plan, repairs, shared, conflicts: [], aside: null, durationMs: null };
}

/** News of a failover takes some seconds at most; each attempt waits for what may be under way. */
const STALE_ATTEMPTS_MAX = 4;

/** Turns a rate of bytes into one of keys: a fix measures nothing beforehand. */
const BYTES_PER_KEY_ASSUMED = 100;
