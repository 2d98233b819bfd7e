import { Flags } from '@oclif/core';
import { IMPORT_DEFAULTS, type ImportReport } from '../lib/apply/import/import.ts';
import { isComplete, runImport } from '../lib/apply/import/run-import.ts';
import type { Journal } from '../lib/apply/journal.ts';
import type { PaceLimits } from '../lib/apply/move/pace.ts';
import { PACE_DEFAULTS } from '../lib/apply/move/settings.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../lib/apply/refuse-beside.ts';
import { present } from '../lib/assert.ts';
import { type Address, formatAddress } from '../lib/model/address.ts';
import { formatFlavor } from '../lib/model/flavor.ts';
import type { Topology } from '../lib/model/topology.ts';
import { reachedNodes } from '../lib/model/topology.ts';
import { planImport } from '../lib/plan/import.ts';
import type { ImportKeys, Plan } from '../lib/plan/plan.ts';
import type { SourceCluster } from '../lib/redis/cluster.ts';
import { connect } from '../lib/redis/connect.ts';
import { type ImportSourceMeasures, measureSource, unableToRead } from '../lib/redis/measure-import.ts';
import type { ConsentFlags, OutputFlags, Session } from '../lib/terminal/base-command.ts';
import { EXIT } from '../lib/terminal/exit-codes.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { importSourceFlags, readSourceAddress, readSourceOptions } from '../lib/terminal/import-source.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
import { parseMilliseconds, parseRate } from '../lib/terminal/move-flags.ts';
import { renderImported, renderImportPlan } from '../lib/view/import.ts';

/** Enough to find the cluster again when some of its nodes are down. */
const SEEDS_MAX = 8;
/** A key of unknown size is taken for a small one. */
const BYTES_PER_KEY_ASSUMED = 100;

export default class Import extends MoveCommand {
  static override summary = 'Bring the keys of another server, or of another cluster, into this cluster.';
  static override description =
    `Keys are MOVED, as redis-cli does: each is deleted at the source once the cluster has it. With --copy they stay, and
those that change meanwhile are copied again until none does.

A key that the cluster has with another value is left alone and named, and the exit code is 1, unless --replace is
given. Interrupted at any moment, the same command typed again goes on.

Exit codes: 0 all keys are in the cluster, 1 some were left alone, 5 stopped part-way.`;
  static override examples = [
    '<%= config.bin %> import 127.0.0.1:7000 --from 127.0.0.1:6379',
    '<%= config.bin %> import 127.0.0.1:7000 --from old.example:6379 --from-tls --from-db 2 --copy --yes',
    'REDISCLI_FROM_AUTH=… <%= config.bin %> import 127.0.0.1:7000 --from 10.0.0.1:7000 --throttle 20MB/s',
  ];
  static override usage = 'import HOST:PORT... --from HOST:PORT [FLAGS]';
  static override strict = false;
  static override flags = {
    copy: Flags.boolean({ description: 'the keys stay at the source as well', aliases: ['cluster-copy'] }),
    replace: Flags.boolean({
      description: 'where the cluster has a key with another value, let the one of the source win',
      aliases: ['cluster-replace'],
      helpGroup: 'SAFETY',
    }),
    engine: Flags.option({ options: ['auto', 'relay', 'migrate'] as const, default: 'auto' as const })({
      description: 'through this program, or sent by the source with MIGRATE, which serves nobody meanwhile',
    }),
    ...importSourceFlags,
    'max-pause': Flags.string({
      description: 'how long one batch of MIGRATE may hold up the source',
      default: `${PACE_DEFAULTS.batchMsMax}`,
      helpValue: 'MS',
      helpGroup: 'PACE',
    }),
    throttle: Flags.string({
      description: 'no faster than this, for example 5000keys/s or 20MB/s',
      helpValue: 'RATE',
      helpGroup: 'PACE',
    }),
    force: Flags.boolean({ description: 'begin although another run seems to be at work', helpGroup: 'SAFETY' }),
    'cluster-timeout': Flags.string({ hidden: true }),
    'cluster-pipeline': Flags.string({ hidden: true }),
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Import);
    this.requireSomeoneToAsk(flags);
    const from = readSourceAddress(flags);
    // Read before anything is connected to, so that a slip is told at once; a rate of bytes needs the keys' size as well.
    readLimits(flags, BYTES_PER_KEY_ASSUMED);
    return this.withRun(flags, argv as string[], async (session, topology, journal) => {
      const options = present(this.connectOptions, 'a run has a session');
      const sourceOptions = await readSourceOptions(flags, options, process.env);
      const cluster = connect(sourceOptions);
      try {
        const isDirect = sourceOptions.tls === null && options.tls === null && options.natMap.size === 0;
        const parties = { cluster, from, topology, isDirect };
        return await this.importFrom(session, parties, journal, flags);
      } finally {
        cluster.close();
      }
    });
  }

  private async importFrom(session: Session, parties: Parties, journal: Journal, flags: ImportFlags): Promise<object> {
    const { cluster, from, topology } = parties;
    const database = flags['from-db'] ?? 0;
    const measures = await session.progress.during('Looking at the source', () =>
      measureSource(cluster, from, database),
    );
    const own = [`${CLIENT_NAME_PREFIX}${journal.run}`];
    if (measures.topology !== null && !flags.force)
      await refuseBeside(cluster, measures.topology, own, { isTakeover: false });
    const plan = await this.planned(session, parties, measures, flags);
    this.savePlan(plan, flags);
    const servers = new Map(measures.servers.map(({ address, flavor }) => [address, formatFlavor(flavor)]));
    const names = { from: formatAddress(from), seed: formatAddress(topology.seed), servers };
    this.print(renderImportPlan(plan, names, session.style));
    if (plan.steps.length === 0) return { version: 1, outcome: 'nothing-to-do', run: null, plan };
    if (flags['dry-run']) return { version: 1, outcome: 'planned', run: null, plan };
    await this.consent(`Do you want to ${flags.copy ? 'copy' : 'move'} these keys?`, flags);
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
    const seeds = reachedNodes(topology)
      .slice(0, SEEDS_MAX)
      .map(({ address }) => address);
    const execution = {
      cluster: session.cluster,
      seeds,
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

/** Both sides. */
interface Parties {
  readonly cluster: SourceCluster;
  readonly from: Address;
  readonly topology: Topology;
  /** Neither TLS nor a map of addresses stands between this program and either side. */
  readonly isDirect: boolean;
}

type ImportFlags = OutputFlags &
  ConsentFlags & {
    readonly copy: boolean;
    readonly replace: boolean;
    readonly force: boolean;
    readonly engine: 'auto' | 'relay' | 'migrate';
    readonly 'from-db'?: number | undefined;
    readonly 'max-pause': string;
    readonly throttle?: string | undefined;
  };

/** Throws USAGE. */
function readLimits(flags: Pick<ImportFlags, 'max-pause' | 'throttle'>, bytesPerKey: number): PaceLimits {
  return {
    ...PACE_DEFAULTS,
    batchMsMax: parseMilliseconds(flags['max-pause'], '--max-pause'),
    keysPerSecondMax: flags.throttle === undefined ? null : parseRate(flags.throttle, bytesPerKey),
  };
}
