/** What a command does that imports keys: it looks at the source, plans, asks, imports, and tells what it came to. */

import { IMPORT_DEFAULTS } from '../apply/import/import.ts';
import { isComplete, runImport } from '../apply/import/run-import.ts';
import type { Journal } from '../apply/journal.ts';
import type { PaceLimits } from '../apply/move/pace.ts';
import { PACE_DEFAULTS } from '../apply/move/settings.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../apply/refuse-beside.ts';
import { seedsAmong } from '../apply/seeds.ts';
import { type Address, formatAddress } from '../model/address.ts';
import { formatFlavor } from '../model/flavor.ts';
import type { ImportReport } from '../model/import-report.ts';
import type { Topology } from '../model/topology.ts';
import { planImport } from '../plan/import.ts';
import type { ImportKeys, Plan } from '../plan/plan.ts';
import type { SourceCluster } from '../redis/cluster.ts';
import { type ImportSourceMeasures, measureSource, unableToRead } from '../redis/measure-import.ts';
import { renderImported, renderImportPlan } from '../view/import.ts';
import type { ConsentFlags, OutputFlags, Session } from './base-command.ts';
import { EXIT } from './exit-codes.ts';
import { MoveCommand } from './move-command.ts';
import { parseMilliseconds, parseRate } from './move-flags.ts';

/** A key of unknown size is taken for a small one. */
const BYTES_PER_KEY_ASSUMED = 100;

/** Both sides. */
export interface Parties {
  readonly cluster: SourceCluster;
  readonly from: Address;
  readonly topology: Topology;
  /** Neither TLS nor a map of addresses stands between this program and either side. */
  readonly isDirect: boolean;
}

export type ImportFlags = OutputFlags &
  ConsentFlags & {
    readonly copy: boolean;
    readonly replace: boolean;
    readonly force: boolean;
    readonly engine: 'auto' | 'relay' | 'migrate';
    readonly 'from-db'?: number | undefined;
    readonly 'max-pause': string;
    readonly throttle?: string | undefined;
  };

export abstract class ImportCommand extends MoveCommand {
  /** To be called BEFORE anything is connected to, so that a slip is told at once. Throws USAGE. */
  protected checkLimits(flags: Pick<ImportFlags, 'max-pause' | 'throttle'>): void {
    readLimits(flags, BYTES_PER_KEY_ASSUMED);
  }

  /** From the source as it is found to the end: the plan, the question, the keys, and what it came to. */
  protected async importFrom(
    session: Session,
    parties: Parties,
    journal: Journal,
    flags: ImportFlags,
  ): Promise<object> {
    const { cluster, from, topology } = parties;
    const database = flags['from-db'] ?? 0;
    const measures = await session.progress.during('Looking at the source', () =>
      measureSource(cluster, from, database),
    );
    const own = [`${CLIENT_NAME_PREFIX}${journal.run}`];
    if (measures.topology !== null && !flags.force)
      await refuseBeside(cluster, measures.topology, own, { isTakeover: false });
    const plan = await this.planned(session, parties, measures, flags);
    this.savePlan(plan, flags, { kind: 'import' });
    const servers = new Map(measures.servers.map(({ address, flavor }) => [address, formatFlavor(flavor)]));
    const names = { from: formatAddress(from), seed: formatAddress(topology.seed), servers };
    this.print(renderImportPlan(plan, names, session.style));
    const untouched = { version: 1, run: null, plan, durationMs: null };
    if (plan.steps.length === 0) return { ...untouched, outcome: 'nothing-to-do' };
    if (flags['dry-run']) return { ...untouched, outcome: 'planned' };
    await this.consentLikeRedisCli(`Do you want to ${flags.copy ? 'copy' : 'move'} these keys?`, flags, {
      // With too little memory servers may evict keys.
      isDangerous: plan.hazards.some(({ name }) => name === 'memory'),
    });
    const { report, durationMs } = await this.perform(session, parties, measures, { journal, plan, flags });
    this.print(renderImported(report, durationMs, journal.run, session.style));
    this.setExitCode(isComplete(report) ? EXIT.done : EXIT.failed);
    const outcome = isComplete(report) ? 'done' : 'incomplete';
    return { version: 1, outcome, run: journal.run, plan, report, durationMs };
  }

  private async planned(
    { cluster }: Session,
    { topology, isDirect }: Parties,
    measures: ImportSourceMeasures,
    flags: ImportFlags,
  ): Promise<Plan> {
    const version = measures.servers.map((server) => server.dumpVersion).find((each) => each !== null);
    const unable = version == null ? [] : await unableToRead(cluster, topology, version);
    const request = {
      database: flags['from-db'] ?? null,
      copy: flags.copy,
      replace: flags.replace,
      engine: flags.engine,
      isDirect,
    };
    return this.acceptable(planImport(topology, { ...measures, unableToRead: unable }, request));
  }

  private async perform(
    session: Session,
    { cluster, topology }: Parties,
    { servers, isCluster }: ImportSourceMeasures,
    { journal, plan, flags }: { readonly journal: Journal; readonly plan: Plan; readonly flags: ImportFlags },
  ): Promise<{ readonly report: ImportReport; readonly durationMs: number }> {
    const steps = plan.steps.filter((step): step is ImportKeys => step.kind === 'import-keys');
    const keys = steps.reduce((sum, step) => sum + step.keys, 0);
    const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
    const limits = readLimits(flags, bytes > 0 ? bytes / keys : BYTES_PER_KEY_ASSUMED);
    const execution = {
      cluster: session.cluster,
      seeds: seedsAmong(topology.nodes),
      emit: session.progress.emit,
      signal: this.interruption(),
      journal,
    };
    const givers = servers.filter(({ address }) => steps.some(({ from }) => from === address)).map(({ at }) => at);
    const source = { cluster, primaries: givers, isCluster, database: flags['from-db'] ?? 0 };
    const begun = performance.now();
    const report = await runImport(plan, execution, source, {
      ...IMPORT_DEFAULTS,
      copy: flags.copy,
      replace: flags.replace,
      engine: steps[0]?.engine ?? 'relay',
      mayFallBack: flags.engine === 'auto',
      limits: () => limits,
      keys,
    });
    session.progress.stop();
    return { report, durationMs: performance.now() - begun };
  }
}

/** Throws USAGE. `bytesPerKey` turns a rate of bytes into one of keys. */
function readLimits(flags: Pick<ImportFlags, 'max-pause' | 'throttle'>, bytesPerKey: number): PaceLimits {
  return {
    ...PACE_DEFAULTS,
    batchMsMax: parseMilliseconds(flags['max-pause'], '--max-pause'),
    keysPerSecondMax: flags.throttle === undefined ? null : parseRate(flags.throttle, bytesPerKey),
  };
}
