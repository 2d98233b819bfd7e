/**
 * What every command shares: flags, a session with the cluster, the two outputs (text and --json), failures as exit
 * codes, and the operator's Ctrl-C. stdout carries the result, stderr everything else.
 */
import { randomBytes } from 'node:crypto';
import type { Interfaces } from '@oclif/core';
import { Command } from '@oclif/core';
import type { Journal, ProcessIdentity } from '../apply/journal.ts';
import { continueJournal, openJournal, resumeJournal } from '../apply/journal.ts';
import { present } from '../assert.ts';
import type { Finding } from '../check/finding.ts';
import { checkHiddenKeys } from '../check/hidden-keys.ts';
import { checkMultipleOwners } from '../check/multiple-owners.ts';
import { messageWithRanges } from '../check/open-slots.ts';
import { OpsError } from '../errors.ts';
import { identifyProcess } from '../local/process-identity.ts';
import type { Address } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import type { PlanRequest } from '../plan/request.ts';
import type { Cluster } from '../redis/cluster.ts';
import { connect } from '../redis/connect.ts';
import { keysInForeignSlots } from '../redis/keys-in-slots.ts';
import type { ConnectOptions } from '../redis/options.ts';
import { countHidden } from '../redis/stray-keys.ts';
import type { Style } from '../view/style.ts';
import { parseSeeds } from './addresses.ts';
import { readTarget } from './connection.ts';
import type { Asking } from './consent.ts';
import { askConsent, askPassword, refuseUnattended } from './consent.ts';
import { journalDirectory } from './directories.ts';
import { exitCodeOf, isFrameworkError } from './exit-codes.ts';
import { describeCauses, describeFailure, failureDocument, foreseen } from './failures.ts';
import { refuseNonsense } from './flag-values.ts';
import type { ConnectionFlags } from './flags.ts';
import { outputFlags } from './flags.ts';
import { interruption } from './interruption.ts';
import { writePlan } from './plan-file.ts';
import type { Progress, ProgressMode } from './progress.ts';
import { startProgress } from './progress.ts';
import { misused } from './usage-failures.ts';

export interface OutputFlags {
  readonly progress: 'auto' | 'plain' | 'json' | 'none';
  readonly color: boolean;
  readonly quiet: boolean;
}

export interface ConsentFlags {
  readonly yes: boolean;
  readonly 'dry-run': boolean;
  readonly 'plan-out'?: string | undefined;
}

/** A connection to the nodes, and how to speak to the operator meanwhile. */
export interface Session {
  readonly cluster: Cluster;
  /** The seeds that were typed, or those of the URI or the context. */
  readonly seeds: readonly Address[];
  readonly progress: Progress;
  readonly style: Style;
}

export abstract class ClusterCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = outputFlags;

  /** How the nodes of the session are reached, for a second port beside its own; null before there is a session. */
  protected connectOptions: ConnectOptions | null = null;

  /**
   * As the framework does it, with the words in the order in which they were typed: oclif 4.14 sorts them by where each
   * text is first found on the line, so that `EVAL script 2 a b a` becomes `EVAL script 2 a a b`.
   */
  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse<F, B, A>(options, argv);
    refuseNonsense(parsed.flags);
    return { ...parsed, argv: parsed.raw.flatMap((token) => (token.type === 'arg' ? [token.input] : [])) };
  }

  /** Runs `work` with a session and closes it, whatever happens. `clientName` is what CLIENT LIST of each node shows. */
  protected async withSession<Result>(
    flags: ConnectionFlags & OutputFlags,
    words: readonly string[],
    work: (session: Session) => Promise<Result>,
    clientName: string | null = null,
  ): Promise<Result> {
    const target = await readTarget({ flags, environment: process.env, clientName, askPassword: () => askPassword() });
    this.connectOptions = target.options;
    const seeds = parseSeeds(words.length > 0 ? words : target.seeds);
    const progress = startProgress(this.progressMode(flags));
    const cluster = connect(target.options);
    try {
      return await work({ cluster, seeds, progress, style: this.style(flags) });
    } finally {
      progress.stop();
      cluster.close();
    }
  }

  /** To be called BEFORE anything is connected to. Throws REFUSED where consent is needed and nobody can be asked. */
  protected requireSomeoneToAsk(flags: ConsentFlags): void {
    if (!flags['dry-run']) refuseUnattended(this.asking(flags));
  }

  /** The plan, or REFUSED with every reason. */
  protected acceptable<SomePlan = Plan>(planned: AnyPlanned<SomePlan>): SomePlan {
    if (!planned.ok) {
      const suggestions = planned.refusals.flatMap(({ suggestion }) => suggestion ?? []);
      throw new OpsError(
        'REFUSED',
        planned.refusals.map((refusal) => `[ERR] ${messageWithRanges(refusal)}`).join('\n'),
        {
          suggestions: [...new Set(suggestions)],
        },
      );
    }
    return planned.plan;
  }

  /** What `--search-multiple-owners` finds: slots with several owners, and keys that servers hide. Changes nothing. */
  protected async searchMultipleOwners(cluster: Cluster, topology: Topology): Promise<readonly Finding[]> {
    return [
      ...checkMultipleOwners(topology, await keysInForeignSlots(cluster, topology)),
      ...checkHiddenKeys(topology, await countHidden(cluster, topology)),
    ];
  }

  /** Writes the plan where `--plan-out` wants it, before any question. */
  protected savePlan(plan: object, flags: ConsentFlags, request: PlanRequest): void {
    const file = flags['plan-out'];
    if (file !== undefined) writePlan(file, plan, request);
  }

  /** Returns when the operator consents; throws REFUSED otherwise. */
  protected async consent(question: string, flags: ConsentFlags): Promise<void> {
    await askConsent(question, this.asking(flags));
  }

  /**
   * As `consent`, for what redis-cli does without asking: where there is no terminal, and nothing about it is dangerous,
   * a script is not stopped by a question that it does not know.
   */
  protected async consentLikeRedisCli(
    question: string,
    flags: ConsentFlags,
    { isDangerous }: { readonly isDangerous: boolean },
  ): Promise<void> {
    if (isDangerous || process.stdin.isTTY) await this.consent(question, flags);
  }

  /** `undoes` is the run that the new one takes back. */
  protected openJournal(undoes?: string): Journal {
    const suffix = randomBytes(2).toString('hex');
    const directory = journalDirectory(process.env);
    const options = { directory, now: new Date(), process: ownProcess(), suffix, warn: writeLine };
    return openJournal(undoes === undefined ? options : { ...options, undoes });
  }

  /** Writes on in the journal of a run that this process goes on with. */
  protected resumeJournal(run: string): Journal {
    return resumeJournal(journalDirectory(process.env), run, ownProcess(), writeLine);
  }

  /** Writes on in the journal of a run that has ended, to say what has become of it since. */
  protected continueJournal(run: string, owner: ProcessIdentity): Journal {
    return continueJournal(journalDirectory(process.env), run, owner, writeLine);
  }

  /** Fires at the first Ctrl-C from now on; at the second the process ends at once. */
  protected interruption(): AbortSignal {
    return interruption(writeLine);
  }

  /** Writes a piece of the result to stdout; with --json the returned document is the result instead. */
  protected print(text: string): void {
    if (!this.jsonEnabled()) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Ends the process with this code once everything is written. */
  protected setExitCode(code: number): void {
    process.exitCode = code;
  }

  protected style(flags: OutputFlags): Style {
    const environment = process.env;
    const color =
      flags.color && process.stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
    // Some terminals do not know how wide they are, and say 0.
    return { color, width: (process.stdout.isTTY && process.stdout.columns) || null };
  }

  /** oclif calls this with whatever `run` threw. */
  override async catch(thrown: Error): Promise<void> {
    const failure = isFrameworkError(thrown)
      ? misused(thrown, this.ctor.id, Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags }))
      : foreseen(thrown);
    process.exitCode = exitCodeOf(failure);
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(failure));
    else {
      const causes = this.argv.some((word) => word === '-v' || word === '--verbose') ? describeCauses(failure) : [];
      process.stderr.write(`${[describeFailure(failure), ...causes].join('\n')}\n`);
    }
  }

  protected override toErrorJson(failure: Error): object {
    return failureDocument(failure);
  }

  private asking(flags: ConsentFlags): Asking {
    return { yes: flags.yes, json: this.jsonEnabled(), environment: process.env };
  }

  private progressMode(flags: OutputFlags): ProgressMode {
    if (flags.quiet || flags.progress === 'none') return 'none';
    if (flags.progress !== 'auto') return flags.progress;
    return process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? 'terminal' : 'plain';
  }
}

/** `Planned` for a plan of any kind. */
type AnyPlanned<SomePlan> = { readonly ok: true; readonly plan: SomePlan } | Extract<Planned, { readonly ok: false }>;

function writeLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Who we are, for records that outlive us. */
export function ownProcess(): ProcessIdentity {
  return present(identifyProcess(process.pid), 'this process is running');
}
